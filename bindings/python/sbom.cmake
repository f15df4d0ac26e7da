# SPDX-License-Identifier: Apache-2.0
# What a wheel with the library in it holds of others, for its metadata: a bill of materials, and
# the licence of an OpenSSL that is linked statically.
set(others zlib=${ZLIB_VERSION_STRING}=dynamic)
if(TARGET ${crypto})
    set(linkage dynamic)
    if(OPENSSL_CRYPTO_LIBRARY MATCHES "\\.a$")
        set(linkage static)
        file(READ LICENSE apache_2_0)
        file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/OpenSSL.txt @ONLY CONTENT
"The extension module has within it libcrypto of OpenSSL @OPENSSL_VERSION@,
https://openssl-library.org, which is under the licence below.

Copyright (c) 1998-2026 The OpenSSL Project Authors
Copyright (c) 1995-1998 Eric A. Young, Tim J. Hudson
All rights reserved.
@apache_2_0@")
        install(FILES ${CMAKE_CURRENT_BINARY_DIR}/OpenSSL.txt
            DESTINATION ${SKBUILD_METADATA_DIR}/licenses)
    endif()
    list(APPEND others openssl=${OPENSSL_VERSION}=${linkage})
endif()
set(sbom ${CMAKE_CURRENT_BINARY_DIR}/libwal.cdx.json)
execute_process(COMMAND ${Python3_EXECUTABLE} ${library_sources}/packaging/sbom.py ${sbom} pypi
    ${SKBUILD_PROJECT_VERSION} ${others} COMMAND_ERROR_IS_FATAL ANY)
install(FILES ${sbom} DESTINATION ${SKBUILD_METADATA_DIR}/sboms)
