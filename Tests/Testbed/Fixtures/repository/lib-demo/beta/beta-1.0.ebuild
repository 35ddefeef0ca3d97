# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit demo-c

DESCRIPTION="Left side of the diamond"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"
IUSE="loud"

RDEPEND="
	lib-demo/alpha:=
"
DEPEND="${RDEPEND}"

src_compile() {
	use loud && local -x CPPFLAGS="${CPPFLAGS} -DLOUD"
	demo-c_src_compile
}
