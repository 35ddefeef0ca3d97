# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit demo-c

DESCRIPTION="Dependencies that hang on USE flags"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"
IUSE="+light sound"

RDEPEND="
	light? ( lib-demo/alpha:= )
	sound? ( lib-demo/beta[loud] )
"
DEPEND="${RDEPEND}"

src_compile() {
	demo-c_emake LIBS="$(usev light -lalpha) $(usev sound -lbeta)" \
		CPPFLAGS="${CPPFLAGS} -I${EPREFIX}/usr/include $(usev light -DLIGHT) $(usev sound -DSOUND)"
}

src_install() {
	dobin lantern
}
