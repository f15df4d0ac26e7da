# SPDX-License-Identifier: Apache-2.0
# Port for vcpkg, as an overlay of a checkout:
#
#   vcpkg install libwal --overlay-ports=packaging/vcpkg
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)

vcpkg_check_features(OUT_FEATURE_OPTIONS features FEATURES
    crypto WAL_CRYPTO
    tools WAL_TOOLS
)
vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}" OPTIONS ${features} -DBUILD_TESTING=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/libwal)
vcpkg_fixup_pkgconfig()
if("tools" IN_LIST FEATURES)
    vcpkg_copy_tools(TOOL_NAMES walctl AUTO_CLEAN)
endif()

# CMake installs both kinds of library; the package has the one that the triplet asks for.
if(VCPKG_LIBRARY_LINKAGE STREQUAL "static")
    set(others "lib*.so*" "libwal-shared*.cmake" "libwal-crypto.cmake" "libwal-crypto-*.cmake")
else()
    set(others "lib*.a" "libwal-static*.cmake" "libwal-crypto_static*.cmake")
endif()
foreach(prefix IN ITEMS "${CURRENT_PACKAGES_DIR}" "${CURRENT_PACKAGES_DIR}/debug")
    foreach(other IN LISTS others)
        file(GLOB files "${prefix}/lib/${other}" "${prefix}/share/libwal/${other}")
        if(files)
            file(REMOVE ${files})
        endif()
    endforeach()
endforeach()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
