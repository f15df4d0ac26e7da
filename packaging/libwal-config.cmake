# find_package(libwal [VERSION] [COMPONENTS shared static]) gives libwal::wal, the shared library,
# and libwal::wal_static, for which it looks for zlib. Without components it gives what is installed
# and can be linked, so that programs which want the shared library need no zlib of their own.
include(CMakeFindDependencyMacro)

set(libwal_wanted ${libwal_FIND_COMPONENTS})
if(NOT libwal_wanted)
    set(libwal_wanted shared static)
endif()

if("shared" IN_LIST libwal_wanted)
    include(${CMAKE_CURRENT_LIST_DIR}/libwal-shared.cmake
        OPTIONAL RESULT_VARIABLE libwal_shared_FOUND)
endif()
if("static" IN_LIST libwal_wanted)
    if(libwal_FIND_REQUIRED_static)
        find_dependency(ZLIB)
    else()
        find_package(ZLIB QUIET)
    endif()
    if(ZLIB_FOUND)
        include(${CMAKE_CURRENT_LIST_DIR}/libwal-static.cmake
            OPTIONAL RESULT_VARIABLE libwal_static_FOUND)
    endif()
endif()

foreach(libwal_component IN LISTS libwal_FIND_COMPONENTS)
    if(libwal_FIND_REQUIRED_${libwal_component} AND NOT libwal_${libwal_component}_FOUND)
        set(libwal_FOUND FALSE)
        set(libwal_NOT_FOUND_MESSAGE "libwal's component ${libwal_component} is not installed")
    endif()
endforeach()
