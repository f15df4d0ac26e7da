# SPDX-License-Identifier: Apache-2.0
# find_package(libwal [VERSION] [COMPONENTS shared static crypto crypto_static]) gives libwal::wal,
# the shared library; libwal::wal_static, for which it looks for zlib; and, where they were built,
# libwal::crypto and libwal::crypto_static, for which it looks for OpenSSL. Without components it
# gives what is installed and can be linked, so that programs which want a shared library need no
# zlib or OpenSSL of their own.
include(CMakeFindDependencyMacro)

set(libwal_parts shared static crypto crypto_static)
set(libwal_wanted ${libwal_FIND_COMPONENTS})
if(NOT libwal_wanted)
    set(libwal_wanted ${libwal_parts})
endif()

if(libwal_FIND_REQUIRED_crypto_static)
    set(libwal_FIND_REQUIRED_static TRUE)
endif()

# A package that an archive needs: <name>_FOUND afterwards.
macro(libwal_need part name)
    if(libwal_FIND_REQUIRED_${part})
        find_dependency(${name} ${ARGN})
    else()
        find_package(${name} ${ARGN} QUIET)
    endif()
endmacro()

macro(libwal_take part)
    include(${CMAKE_CURRENT_LIST_DIR}/libwal-${part}.cmake
        OPTIONAL RESULT_VARIABLE libwal_${part}_FOUND)
endmacro()

if("shared" IN_LIST libwal_wanted OR "crypto" IN_LIST libwal_wanted)
    libwal_take(shared)
endif()
if("crypto" IN_LIST libwal_wanted AND libwal_shared_FOUND)
    libwal_take(crypto)
endif()
if("static" IN_LIST libwal_wanted OR "crypto_static" IN_LIST libwal_wanted)
    libwal_need(static ZLIB)
    if(ZLIB_FOUND)
        libwal_take(static)
    endif()
endif()
if("crypto_static" IN_LIST libwal_wanted AND libwal_static_FOUND)
    libwal_need(crypto_static OpenSSL 3 COMPONENTS Crypto)
    if(OPENSSL_FOUND)
        libwal_take(crypto_static)
    endif()
endif()

foreach(libwal_component IN LISTS libwal_FIND_COMPONENTS)
    if(libwal_FIND_REQUIRED_${libwal_component} AND NOT libwal_${libwal_component}_FOUND)
        set(libwal_FOUND FALSE)
        set(libwal_NOT_FOUND_MESSAGE "libwal's component ${libwal_component} is not installed")
    endif()
endforeach()
