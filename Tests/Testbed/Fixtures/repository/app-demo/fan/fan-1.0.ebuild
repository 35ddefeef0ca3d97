# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit demo-c

DESCRIPTION="A fan of twelve blades"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"

RDEPEND="
	lib-demo/blade-a:=
	lib-demo/blade-b:=
	lib-demo/blade-c:=
	lib-demo/blade-d:=
	lib-demo/blade-e:=
	lib-demo/blade-f:=
	lib-demo/blade-g:=
	lib-demo/blade-h:=
	lib-demo/blade-i:=
	lib-demo/blade-j:=
	lib-demo/blade-k:=
	lib-demo/blade-l:=
"
DEPEND="${RDEPEND}"
