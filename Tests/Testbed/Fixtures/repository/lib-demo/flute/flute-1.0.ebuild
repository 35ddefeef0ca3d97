# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit demo-c

DESCRIPTION="A pipe played across"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"

RDEPEND="
	lib-demo/score:=
"
DEPEND="${RDEPEND}"
