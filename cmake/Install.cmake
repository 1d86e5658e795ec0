# What `cmake --install` puts into the prefix: the headers, the CMake package and the pkg-config file.
#
# One export set for each target: the config file loads json and asio, and what they need, only where
# they are asked for.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/jalon")

install(DIRECTORY include/jalon DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES include/jalon.hpp DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")

foreach(part IN ITEMS jalon json simdjson asio)
  get_target_property(target jalon::${part} ALIASED_TARGET)
  install(TARGETS ${target} EXPORT ${part})
  install(EXPORT ${part} NAMESPACE jalon:: FILE ${part}-target.cmake DESTINATION "${package_dir}")
endforeach()

configure_package_config_file(
  cmake/jalon-config.cmake.in jalon-config.cmake INSTALL_DESTINATION "${package_dir}"
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/jalon-config-version.cmake" COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(
  FILES "${PROJECT_BINARY_DIR}/jalon-config.cmake" "${PROJECT_BINARY_DIR}/jalon-config-version.cmake"
        cmake/Compiled.cmake cmake/FindAsio.cmake
  DESTINATION "${package_dir}")

configure_file(cmake/jalon.pc.in jalon.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/jalon.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
