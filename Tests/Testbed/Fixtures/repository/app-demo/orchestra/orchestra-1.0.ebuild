# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit demo-c

DESCRIPTION="Eight libraries play together"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"

RDEPEND="
	lib-demo/tempo:=
	lib-demo/score:=
	lib-demo/violin:=
	lib-demo/cello:=
	lib-demo/flute:=
	lib-demo/horn:=
	lib-demo/drum:=
	lib-demo/conductor:=
"
DEPEND="${RDEPEND}"
