# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: demo-c.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @BLURB: builds the small C packages of the test repository
# @DESCRIPTION: compiles and installs a distfile that has the repository's Makefile, inside EPREFIX.

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

HOMEPAGE="https://example.org/${PN}"
SRC_URI="https://example.org/distfiles/${P}.tar.xz"

# @FUNCTION: demo-c_emake
# @DESCRIPTION: runs make with the compiler, flags and paths of this machine.
demo-c_emake() {
	local libdir=${EPREFIX}/usr/$(get_libdir)
	emake \
		CC="${CC:-${CHOST}-gcc}" \
		CFLAGS="${CFLAGS}" \
		CPPFLAGS="${CPPFLAGS} -I${EPREFIX}/usr/include" \
		LDFLAGS="${LDFLAGS} -L${libdir} -Wl,-rpath,${libdir}" \
		PREFIX="${EPREFIX}/usr" LIBDIR="${libdir}" "$@"
}

demo-c_src_compile() {
	demo-c_emake
}

demo-c_src_install() {
	demo-c_emake DESTDIR="${D}" install
}

EXPORT_FUNCTIONS src_compile src_install
