# SPDX-License-Identifier: Apache-2.0
"""A program that uses the package, built and run by `conan create`."""

from pathlib import Path

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout


class Consumer(ConanFile):
    settings = "os", "arch", "compiler", "build_type"

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.user_presets_path = False  # nothing of a test is left in the checkout
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        static = not self.dependencies["libwal"].options.shared
        cmake.configure(variables={"TARGET": "libwal::wal_static" if static else "libwal::wal"})
        cmake.build()

    def test(self):
        if can_run(self):
            program = Path(self.build_folder, self.cpp.build.bindir, "consumer")
            self.run(f"{program} {self.build_folder}/hello.wal", env="conanrun")
