# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit demo-c

DESCRIPTION="Sets variables in src_compile and reads them before and after the merge"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"

src_compile() {
	demo-c_src_compile
	MEMORY_TEXT="one 'two' \$three"
	MEMORY_LINES=$'first\nsecond'
	MEMORY_LIST=( a "b c" d )
	declare -gA MEMORY_MAP=( [key]="value with blanks" )
}

src_install() {
	demo-c_src_install
	insinto /etc
	newins - memory.conf <<< "as it comes"
}

pkg_preinst() {
	mkdir -p "${ED}/usr/share/memory" || die
	printf '%s\n' "${MEMORY_TEXT}" "${MEMORY_LINES}" "${MEMORY_LIST[1]}" "${MEMORY_MAP[key]}" \
		> "${ED}/usr/share/memory/state" || die
}

pkg_postinst() {
	mkdir -p "${EROOT}/var/cache/memory" || die
	printf '%s\n' "${MEMORY_TEXT}" "${MEMORY_MAP[key]}" > "${EROOT}/var/cache/memory/state" || die
}
