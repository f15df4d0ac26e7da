# SPDX-License-Identifier: Apache-2.0
# What is installed, in components: runtime is what programs need to run, development what they
# need to be built, tools the programs of our own. The .pc file and the CMake package find
# everything from their own place, so that an installed tree can be moved.
include(CMakePackageConfigHelpers)

set(WAL_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/libwal)

# The .pc files: for the installed tree, and for a build that is used as it is.
function(write_pc template name prefix libdir includedir)
    set(PC_PREFIX ${prefix})
    set(PC_LIBDIR ${libdir})
    set(PC_INCLUDEDIR ${includedir})
    configure_file(${PROJECT_SOURCE_DIR}/packaging/${template}.pc.in
        ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
endfunction()

file(RELATIVE_PATH up ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" up ${up})
file(RELATIVE_PATH to_lib ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH to_include ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
set(pc_files libwal)
set(parts shared static)
if(WAL_HAS_CRYPTO)
    list(APPEND pc_files libwal-crypto)
    list(APPEND parts crypto crypto_static)
endif()
foreach(pc IN LISTS pc_files)
    write_pc(${pc} installed/${pc}
        "\${pcfiledir}/${up}" "\${prefix}/${to_lib}" "\${prefix}/${to_include}")
    write_pc(${pc} ${pc}-uninstalled
        ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR} "\${prefix}/include")
    install(FILES ${PROJECT_BINARY_DIR}/installed/${pc}.pc COMPONENT development
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

configure_file(packaging/libwal-config.cmake libwal-config.cmake COPYONLY)
write_basic_package_version_file(libwal-config-version.cmake COMPATIBILITY SameMajorVersion)

set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME development)
function(install_library target part)
    install(TARGETS ${target} EXPORT libwal-${part} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        LIBRARY COMPONENT runtime NAMELINK_COMPONENT development)
endfunction()
install_library(wal shared)
install_library(wal_static static)
set(no_header PATTERN crypto.h EXCLUDE)
if(WAL_HAS_CRYPTO)
    install_library(wal_crypto crypto)
    install_library(wal_crypto_static crypto_static)
    set(no_header "")
endif()
if(TARGET walctl)
    install(TARGETS walctl COMPONENT tools)
    if(NOT CMAKE_CROSSCOMPILING)
        foreach(place bash-completion/completions/walctl zsh/site-functions/_walctl
                fish/vendor_completions.d/walctl.fish)
            cmake_path(GET place PARENT_PATH folder)
            cmake_path(GET place FILENAME name)
            install(FILES ${WAL_COMPLETIONS}/${name} COMPONENT tools
                DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder})
        endforeach()
    endif()
endif()
# For distributions: others have a wheel, with the library in it.
set(WAL_PYTHON_DIR "" CACHE STRING
    "Where to install the Python package (component python), below the prefix; empty: nowhere")
if(WAL_PYTHON AND WAL_PYTHON_DIR)
    find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
    set(dist_info ${PROJECT_BINARY_DIR}/libwal-${PROJECT_VERSION}.dist-info)
    execute_process(COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/packaging/dist_info.py
        ${PROJECT_SOURCE_DIR}/bindings/python ${dist_info} COMMAND_ERROR_IS_FATAL ANY)
    install(TARGETS wal_python COMPONENT python DESTINATION ${WAL_PYTHON_DIR}/libwal)
    install(DIRECTORY bindings/python/libwal ${dist_info} COMPONENT python
        DESTINATION ${WAL_PYTHON_DIR} PATTERN "__pycache__" EXCLUDE)
endif()
install(DIRECTORY include/libwal TYPE INCLUDE FILES_MATCHING PATTERN "*.h" ${no_header})
install(FILES ${PROJECT_BINARY_DIR}/libwal-config.cmake
    ${PROJECT_BINARY_DIR}/libwal-config-version.cmake DESTINATION ${WAL_PACKAGE_DIR})
foreach(part IN LISTS parts)
    install(EXPORT libwal-${part} NAMESPACE libwal:: DESTINATION ${WAL_PACKAGE_DIR})
    export(EXPORT libwal-${part} NAMESPACE libwal:: FILE ${PROJECT_BINARY_DIR}/libwal-${part}.cmake)
endforeach()
if(WAL_MAN)
    include(packaging/man.cmake)
endif()
install(FILES packaging/libwal.magic COMPONENT tools DESTINATION ${CMAKE_INSTALL_DATADIR}/libwal)
