# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: cmake.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @BLURB: builds projects of CMake in the test repository
# @DESCRIPTION: takes the variables and functions of the eclass of this name, as far as the tests use them. CMake and
# Ninja are those of the machine that the testbed is on.

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

if [[ -z ${_CMAKE_ECLASS} ]]; then
_CMAKE_ECLASS=1

# @ECLASS_VARIABLE: CMAKE_USE_DIR
# @DEFAULT_UNSET
# @DESCRIPTION: where CMakeLists.txt is; ${S} by default.

# @ECLASS_VARIABLE: BUILD_DIR
# @DEFAULT_UNSET
# @DESCRIPTION: where it is built; beside ${S} by default.

# @FUNCTION: cmake_src_prepare
# @DESCRIPTION: applies patches.
cmake_src_prepare() {
	default
}

# @FUNCTION: cmake_src_configure
# @DESCRIPTION: configures with mycmakeargs.
cmake_src_configure() {
	: "${BUILD_DIR:=${WORKDIR}/${P}_build}"
	cmake -G Ninja -S "${CMAKE_USE_DIR:-${S}}" -B "${BUILD_DIR}" -DCMAKE_BUILD_TYPE=None \
		-DCMAKE_INSTALL_PREFIX="${EPREFIX}/usr" -DCMAKE_INSTALL_LIBDIR="$(get_libdir)" \
		"${mycmakeargs[@]}" "$@" || die
}

# @FUNCTION: cmake_src_compile
# @DESCRIPTION: builds.
cmake_src_compile() {
	cmake --build "${BUILD_DIR}" "$@" || die
}

# @FUNCTION: cmake_src_install
# @DESCRIPTION: installs into the image.
cmake_src_install() {
	DESTDIR="${D}" cmake --install "${BUILD_DIR}" "$@" || die
	einstalldocs
}

EXPORT_FUNCTIONS src_prepare src_configure src_compile src_install

fi
