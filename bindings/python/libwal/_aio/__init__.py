"""The parts of libwal.aio: what is public of them, libwal.aio has."""
