# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit demo-c

DESCRIPTION="Compiles for a while: SLOW_FUNCTIONS says how many functions are made"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"

src_compile() {
	demo-c_emake FUNCTIONS="${SLOW_FUNCTIONS:-1400}"
}
