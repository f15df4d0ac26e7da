# SPDX-License-Identifier: Apache-2.0
"""Recipe for Conan 2: `conan create packaging/conan`, from a checkout of libwal."""

import re
from pathlib import Path

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, rm, rmdir

SOURCES = ("CMakeLists.txt", "LICENSE", "include/*", "src/*", "packaging/*.in", "packaging/*.cmake")


class Libwal(ConanFile):
    name = "libwal"
    package_type = "library"
    description = "An embedded write-ahead log"
    license = "Apache-2.0"
    url = homepage = "https://github.com/libwal/libwal"
    topics = ("wal", "write-ahead-log", "journal", "durability")
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "shared": [True, False],
        "fPIC": [True, False],
        "with_crypto": [True, False],  # libwal-crypto, which needs OpenSSL
        "with_tools": [True, False],  # walctl
    }
    default_options = {"shared": False, "fPIC": True, "with_crypto": False, "with_tools": False}
    implements = ["auto_shared_fpic"]
    languages = ["C"]

    @property
    def checkout(self):
        return Path(self.recipe_folder).parents[1]

    def set_version(self):
        text = (self.checkout / "CMakeLists.txt").read_text()
        self.version = re.search(r"project\(libwal VERSION (\S+)", text)[1]

    def export_sources(self):
        for pattern in SOURCES:
            copy(self, pattern, self.checkout, self.export_sources_folder)

    def validate(self):
        if self.settings.os != "Linux":
            from conan.errors import ConanInvalidConfiguration
            raise ConanInvalidConfiguration("libwal is for Linux")

    def requirements(self):
        self.requires("zlib/[>=1.2.11 <2]")
        if self.options.with_crypto:
            self.requires("openssl/[>=3 <4]")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["BUILD_TESTING"] = False
        toolchain.cache_variables["WAL_CRYPTO"] = "ON" if self.options.with_crypto else "OFF"
        toolchain.cache_variables["WAL_TOOLS"] = bool(self.options.with_tools)
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        """CMake installs both kinds of library; the one that wasn't asked for goes."""
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, Path(self.package_folder) / "licenses")
        lib = Path(self.package_folder) / "lib"
        rm(self, "*.a" if self.options.shared else "*.so*", lib)
        rmdir(self, lib / "cmake")
        rmdir(self, lib / "pkgconfig")

    def package_info(self):
        suffix = "" if self.options.shared else "_static"
        self.cpp_info.set_property("cmake_file_name", "libwal")
        wal = self.cpp_info.components["wal"]
        wal.libs = ["wal"]
        wal.requires = ["zlib::zlib"]
        wal.system_libs = ["pthread"]
        wal.set_property("cmake_target_name", f"libwal::wal{suffix}")
        wal.set_property("pkg_config_name", "libwal")
        if self.options.with_crypto:
            crypto = self.cpp_info.components["crypto"]
            crypto.libs = ["wal-crypto"]
            crypto.requires = ["wal", "openssl::crypto"]
            crypto.set_property("cmake_target_name", f"libwal::crypto{suffix}")
            crypto.set_property("pkg_config_name", "libwal-crypto")
