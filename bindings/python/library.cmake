# SPDX-License-Identifier: Apache-2.0
# libwal as a part of the extension: the targets libwal::wal_static and, where OpenSSL 3 is found
# and WAL_CRYPTO doesn't say OFF, libwal::crypto_static.
# What archives need is looked for here, because packages that a subdirectory finds are its own.
find_package(ZLIB REQUIRED)
if(WAL_CRYPTO)
    set(OPENSSL_USE_STATIC_LIBS TRUE) # a wheel that needs no OpenSSL of the machine, if possible
    find_package(OpenSSL 3 QUIET COMPONENTS Crypto)
    if(NOT OPENSSL_FOUND)
        set(OPENSSL_USE_STATIC_LIBS FALSE)
        find_package(OpenSSL 3 QUIET COMPONENTS Crypto)
    endif()
endif()

set(sources ${CMAKE_CURRENT_SOURCE_DIR}/libwal-sources) # as source distributions have them
if(NOT EXISTS ${sources})
    set(sources ${CMAKE_CURRENT_SOURCE_DIR}/../..)
endif()
add_subdirectory(${sources} libwal EXCLUDE_FROM_ALL)
