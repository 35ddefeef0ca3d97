import Posix

/// Real dependency data of ::gentoo and GURU, which is not part of the project: the ebuilds are stubs that merge in a
/// second.
public enum RealTree {
    /// Its folder: what `PORTMANTEAU_REAL_TREE` names, or beside the checkout; nil where it is not.
    public static var folder: String? {
        let candidates = [
            HostEnvironment.value("PORTMANTEAU_REAL_TREE"), Testbed.checkout + "/../shared/data/real-tree",
        ]
        return candidates.compactMap { $0 }.first { $0.hasPrefix("/") && Files.exists($0 + "/expand") }
    }
}

extension Machine {
    /// Makes the machine's repository that of the real tree, configured as its README says; GURU lies beside it and is
    /// not enabled.
    ///
    /// - Parameters:
    ///   - folder: `RealTree.folder`.
    ///   - breakCycles: whether the five packages are merged that a new machine has: about 8 s.
    public func useRealTree(_ folder: String, breakCycles: Bool = false) async throws {
        let real = prefix + "/srv/real"
        try await must(["bash", "-ec", "mkdir -p \(prefix)/srv && \"$0\" \(real)", folder + "/expand"])
        for name in ["package.provided", "package.mask"] {
            try write("etc/portage/profile/\(name)", try Files.readText("\(folder)/\(name)"))
        }
        try write("etc/portage/repos.conf/gentoo.conf", realSections(overlay: false))
        try append(
            "etc/portage/make.conf",
            """
            FEATURES="${FEATURES} -news"
            ACCEPT_KEYWORDS="~amd64"
            ACCEPT_LICENSE="*"
            USE="-nls -gtk -X -perl -http3 -quic -selinux"

            """)
        try await must([
            "ln", "-sfn", real + "/gentoo/profiles/default/linux/amd64/23.0", prefix + "/etc/portage/make.profile",
        ])
        guard breakCycles else { return }
        let names = [
            "app-arch/xz-utils", "sys-libs/glibc", "dev-lang/python", "virtual/libcrypt", "sys-libs/pam",
        ]
        let output = try await emerge(["-q", "--nodeps"] + names)
        guard output.succeeded else { throw TestbedError.command("emerge --nodeps", reason: output.text) }
    }

    /// repos.conf for the real tree.
    public func realSections(overlay: Bool) -> String {
        let real = prefix + "/srv/real"
        let main = "[DEFAULT]\nmain-repo = gentoo\n\n[gentoo]\nlocation = \(real)/gentoo\nauto-sync = no\n"
        return overlay ? main + "\n[guru]\nlocation = \(real)/guru\nauto-sync = no\n" : main
    }
}
