# What is installed, in components: runtime is what programs need to run, development what they
# need to be built, tools the programs of our own. The .pc file and the CMake package find
# everything from their own place, so that an installed tree can be moved.
include(CMakePackageConfigHelpers)

set(WAL_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/libwal)

# The .pc file: for the installed tree, and for a build that is used as it is.
function(write_pc name prefix libdir includedir)
    set(PC_PREFIX ${prefix})
    set(PC_LIBDIR ${libdir})
    set(PC_INCLUDEDIR ${includedir})
    configure_file(${PROJECT_SOURCE_DIR}/packaging/libwal.pc.in ${PROJECT_BINARY_DIR}/${name} @ONLY)
endfunction()

file(RELATIVE_PATH up ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" up ${up})
file(RELATIVE_PATH to_lib ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH to_include ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
write_pc(installed/libwal.pc
    "\${pcfiledir}/${up}" "\${prefix}/${to_lib}" "\${prefix}/${to_include}")
write_pc(libwal-uninstalled.pc ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR} "\${prefix}/include")

configure_file(packaging/libwal-config.cmake libwal-config.cmake COPYONLY)
write_basic_package_version_file(libwal-config-version.cmake COMPATIBILITY SameMajorVersion)

set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME development)
install(TARGETS wal EXPORT libwal-shared INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    LIBRARY COMPONENT runtime NAMELINK_COMPONENT development)
if(TARGET walctl)
    install(TARGETS walctl COMPONENT tools)
endif()
install(TARGETS wal_static EXPORT libwal-static INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/libwal TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_BINARY_DIR}/installed/libwal.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_BINARY_DIR}/libwal-config.cmake
    ${PROJECT_BINARY_DIR}/libwal-config-version.cmake DESTINATION ${WAL_PACKAGE_DIR})
foreach(part shared static)
    install(EXPORT libwal-${part} NAMESPACE libwal:: DESTINATION ${WAL_PACKAGE_DIR})
    export(EXPORT libwal-${part} NAMESPACE libwal:: FILE ${PROJECT_BINARY_DIR}/libwal-${part}.cmake)
endforeach()
