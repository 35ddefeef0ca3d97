# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit demo-c

DESCRIPTION="Modes, owners, links and names that a binary package must carry over"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"

src_install() {
	demo-c_src_install
	dostrip -x /usr/bin/oddments
	docompress -x /usr/share/doc/${PF}/plain.txt
	insinto /usr/share/oddments
	newins - "name with blanks" <<< "blanks"
	newins - "größe" <<< "not ASCII"
	newins - owned <<< "owned by uid 1"
	fowners 1:1 /usr/share/oddments/owned
	newins - setuid <<< "not a program"
	fperms 4711 /usr/share/oddments/setuid
	newins - first <<< "two names"
	ln "${ED}/usr/share/oddments/first" "${ED}/usr/share/oddments/second" || die
	dosym ../oddments/first /usr/share/oddments/link
	dosym nowhere /usr/share/oddments/dangling
	newins - "it's \"odd\" \\ \$name" <<< "quotes"
	newins - "$(printf '%0200d' 0)" <<< "a long name"
	insinto "/usr/share/oddments/$(printf '%090d' 1)/$(printf '%090d' 2)"
	newins - deep <<< "a long path"
	truncate -s 3M "${ED}/usr/share/oddments/sparse" || die
	printf end >> "${ED}/usr/share/oddments/sparse" || die
	fperms 4755 /usr/bin/oddments
	keepdir /var/spool/oddments
	fperms 1777 /var/spool/oddments
	fowners 2:3 /var/spool/oddments
	keepdir /var/lib/oddments
	newdoc - plain.txt <<< "not compressed"
	newdoc - long.txt <<< "$(printf '%s\n' {1..500})"
}
