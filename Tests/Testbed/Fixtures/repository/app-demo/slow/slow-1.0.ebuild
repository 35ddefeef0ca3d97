# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit demo-c

DESCRIPTION="Compiles for a while, and waits before it for as many seconds as SLOW_SECONDS says"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"
