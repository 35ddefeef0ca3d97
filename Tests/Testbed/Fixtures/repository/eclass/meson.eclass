# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: meson.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @BLURB: builds projects of Meson in the test repository
# @DESCRIPTION: takes the variables and functions of the eclass of this name, as far as the tests use them. Meson and
# Ninja are those of the machine that the testbed is on.

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

if [[ -z ${_MESON_ECLASS} ]]; then
_MESON_ECLASS=1

# @ECLASS_VARIABLE: EMESON_SOURCE
# @DEFAULT_UNSET
# @DESCRIPTION: where meson.build is; ${S} by default.

# @ECLASS_VARIABLE: BUILD_DIR
# @DEFAULT_UNSET
# @DESCRIPTION: where it is built; beside ${S} by default.

# @FUNCTION: meson_src_configure
# @DESCRIPTION: configures with emesonargs.
meson_src_configure() {
	: "${BUILD_DIR:=${WORKDIR}/${P}-build}"
	meson setup --buildtype plain --wrap-mode nodownload --prefix "${EPREFIX}/usr" --libdir "$(get_libdir)" \
		"${emesonargs[@]}" "$@" "${BUILD_DIR}" "${EMESON_SOURCE:-${S}}" || die
}

# @FUNCTION: meson_src_compile
# @DESCRIPTION: builds.
meson_src_compile() {
	meson compile -C "${BUILD_DIR}" "$@" || die
}

# @FUNCTION: meson_src_install
# @DESCRIPTION: installs into the image.
meson_src_install() {
	meson install -C "${BUILD_DIR}" --destdir "${D}" --no-rebuild "$@" || die
	einstalldocs
}

EXPORT_FUNCTIONS src_configure src_compile src_install

fi
