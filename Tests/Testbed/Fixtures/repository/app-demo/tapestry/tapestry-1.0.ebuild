# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit demo-c

DESCRIPTION="A part of it is written by a tool when it is built"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"

BDEPEND="dev-demo/weave"

src_compile() {
	weave twill > pattern.h || die
	demo-c_src_compile
}
