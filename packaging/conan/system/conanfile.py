# SPDX-License-Identifier: Apache-2.0
"""The system's zlib or OpenSSL under the name of Conan Center's package, for trying libwal's recipe
without a remote: `conan create packaging/conan/system --name zlib --version 1.3.1`."""

from conan import ConanFile

# Name of the CMake package, its target, the library.
LIBRARIES = {
    "zlib": ("ZLIB", "ZLIB::ZLIB", "z"),
    "openssl": ("OpenSSL", "OpenSSL::Crypto", "crypto"),
}


class System(ConanFile):
    package_type = "shared-library"
    settings = "os", "arch"

    def package_info(self):
        file, target, library = LIBRARIES[self.name]
        self.cpp_info.set_property("cmake_file_name", file)
        part = self.cpp_info.components[library] if self.name == "openssl" else self.cpp_info
        part.set_property("cmake_target_name", target)
        part.includedirs = part.libdirs = part.bindirs = []
        part.system_libs = [library]
