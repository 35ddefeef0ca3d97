# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit demo-c

DESCRIPTION="Needs a greeting, no matter which, and one side of the diamond"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"

RDEPEND="
	virtual/greeting
	|| ( lib-demo/gamma lib-demo/beta )
"
