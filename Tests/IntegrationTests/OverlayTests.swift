import PortageAPI
import Posix
import Testbed
import Testing

/// Single packages of overlays, with real git and real Portage.
@Suite struct OverlayTests {
    @Test func `a package is merged with what it needs of its overlay and of the tree`() async throws {
        try await Testbed.shared().withMachine("olm-bundle") { machine in
            try await machine.installOverlayman(["bundle"])
            let add = try await machine.olm("add", "app-wood/cabinet::bundle")
            #expect(add.stdout == "olm: bundle: 4 packages, generation 1\n", "\(add.text)")
            #expect(
                try await machine.listedPackages() == [
                    "app-wood/cabinet-1.0::bundle", "lib-wood/drawer-2.1::bundle", "lib-wood/knob-2.0::bundle",
                    "lib-wood/plane-1.5::bundle",
                ])
            #expect(try machine.read("etc/overlayman/packages") == "app-wood/cabinet::bundle\n")
            let json = try await machine.olm("list", "--json")
            #expect(json.stdout.contains("\"requested\" : true"))
            let why = try await machine.olm("why", "lib-wood/knob")
            #expect(why.stdout.contains("  app-wood/cabinet-1.0 needs >=lib-wood/knob-1 (RDEPEND)\n  wanted: "))
            #expect(try await machine.olm("why", "lib-wood/gold").exitCode == 1)

            let emerge = try await machine.emerge(["app-wood/cabinet"])
            #expect(emerge.succeeded, "\(emerge.text)")
            #expect(try await machine.run(["cabinet"]).stdout == "cabinet-1.0\n")
            #expect(try machine.read("var/db/pkg/app-wood/cabinet-1.0/repository") == "bundle\n")
            #expect(try machine.installedPackages().contains("lib-demo/alpha-1.0"))

            // USE of this machine decides, and what nobody wants any more goes.
            try machine.write("etc/portage/package.use/test", "app-wood/cabinet gilded -brass\n")
            #expect(try await machine.olm("sync").succeeded)
            #expect(
                try await machine.listedPackages().contains("lib-wood/gold-1.0::bundle"))
            #expect(try await machine.olm("sync").stdout == "olm: bundle: nothing new, 5 packages\n")
            let remove = try await machine.olm("remove", "app-wood/cabinet")
            #expect(remove.stdout == "olm: bundle: nothing is wanted from it, the slice is gone\n", "\(remove.text)")
            #expect(try machine.read("etc/overlayman/packages") == "")
            #expect(Files.status(machine.slices + "/bundle") == nil)
            #expect(!Files.exists(machine.path("etc/portage/repos.conf/portmanteau-slices.conf")))
        }
    }

    @Test func `eclasses, masks, licences and cache are those of the package`() async throws {
        try await Testbed.shared().withMachine("olm-chained") { machine in
            try await machine.installOverlayman(["chained", "shadow"])
            let add = try await machine.olm("add", "app-spun/bobbin::chained", "app-shade/parasol::shadow")
            #expect(add.succeeded, "\(add.text)")
            // 2.0 is masked by the overlay, 9999 is live.
            #expect(
                try await machine.sliceFiles("chained", "") == [
                    "app-spun/bobbin/bobbin-1.0.ebuild", "app-spun/bobbin/files/2.0/note", "app-spun/bobbin/files/note",
                    "eclass/ribbon.eclass", "eclass/thread.eclass", "licenses/Spun-1", "metadata/layout.conf",
                    "metadata/md5-cache/app-spun/bobbin-1.0", "metadata/slice.json", "profiles/categories",
                    "profiles/eapi", "profiles/package.mask", "profiles/repo_name",
                ])
            #expect(
                try Files.readText(machine.slices + "/chained/profiles/package.mask") == """
                    # Portmanteau authors (2026-01-01)
                    # Too new.
                    >=app-spun/bobbin-2.0

                    """)
            #expect(Files.status(machine.slices + "/chained/app-spun/bobbin/files/2.0/note")?.isLink == true)
            try await machine.withPortage { portage async throws in
                #expect(
                    try await portage.unreadCacheEntries(
                        repository: "chained", packages: ["app-spun/bobbin-1.0"]) == [])
                #expect(
                    try await portage.unreadCacheEntries(
                        repository: "shadow", packages: ["app-shade/parasol-1.0"]) == [])
            }
            let emerge = try await machine.emerge(["app-spun/bobbin", "app-shade/parasol", "app-demo/hello"])
            #expect(emerge.succeeded, "\(emerge.text)")
            #expect(try await machine.run(["bobbin"]).stdout == "bobbin-1.0 by ribbon and thread\n")
            // The eclass of the same name is the overlay's for its package, and the tree's for the tree's.
            #expect(try await machine.run(["parasol"]).stdout == "the shadow eclass\n")
            #expect(try await machine.run(["hello"]).succeeded)

            let masked = try await machine.olm("add", "=app-spun/bobbin-2.0::chained")
            #expect(masked.succeeded, "\(masked.text)")
            let pretend = try await machine.emerge(["-pv", "=app-spun/bobbin-2.0"])
            #expect(pretend.text.contains("package.mask"), "\(pretend.text)")
        }
    }

    @Test func `emerge --sync brings what the overlays and the tree have new`() async throws {
        try await Testbed.shared().withMachine("olm-postsync") { machine in
            try await machine.installOverlayman(["bundle", "chained"])
            try await machine.useTreeFromGit()
            #expect(try await machine.olm("add", "app-wood/cabinet::bundle", "app-spun/bobbin::chained").succeeded)
            // The overlay has a new version; the tree has a package now that the overlay had to give before.
            let ebuild = try machine.read("srv/overlays/bundle/app-wood/cabinet/cabinet-1.0.ebuild")
            try machine.writeOverlay("bundle", "app-wood/cabinet/cabinet-1.1.ebuild", ebuild)
            try await machine.commitOverlay("bundle")
            let plane = try machine.read("srv/overlays/bundle/lib-wood/plane/plane-1.5.ebuild")
            try machine.write(
                "srv/tree/lib-wood/plane/plane-1.6.ebuild", plane.replacing("amd64 arm64", with: "~sparc"))
            try machine.append("srv/tree/profiles/categories", "lib-wood\n")
            try await machine.commitTree()

            let sync = try await machine.emerge(["--sync"])
            #expect(sync.succeeded, "\(sync.text)")
            #expect(sync.text.contains("olm: bundle: 3 packages, generation 2\n"), "\(sync.text)")
            #expect(sync.text.contains("olm: chained: nothing new, 1 package\n"))
            #expect(
                try await machine.listedPackages().prefix(3) == [
                    "app-wood/cabinet-1.1::bundle", "lib-wood/drawer-2.1::bundle", "lib-wood/knob-2.0::bundle",
                ])
            let emerge = try await machine.emerge(["-pv", "app-wood/cabinet"])
            #expect(emerge.text.contains("app-wood/cabinet-1.1::bundle"), "\(emerge.text)")

            // Overlays that are gone, or are nonsense, or another olm at work: the sync succeeds, the slices stay.
            try Files.move(machine.path("srv/overlays/bundle"), to: machine.path("srv/overlays/away"))
            let gone = try await machine.emerge(["--sync"])
            #expect(gone.succeeded, "\(gone.text)")
            #expect(
                gone.text.split(separator: "\n").filter { $0.hasPrefix("olm: ") && !$0.contains("chained") }.count == 1)
            #expect(gone.text.contains("; the slice of bundle stays as it is\n"), "\(gone.text)")
            #expect(machine.generation("bundle") == "2")
            #expect(try await machine.olm("sync").exitCode == 75)
            try machine.write("etc/overlayman/packages", "app-wood/cabinet::bundle\n$(reboot)::x\n")
            let hostile = try await machine.emerge(["--sync"])
            #expect(hostile.succeeded)
            #expect(hostile.text.contains("olm: \(machine.prefix)/etc/overlayman/packages:2: "), "\(hostile.text)")
            #expect(machine.generation("bundle") == "2")
            #expect(machine.generation("chained") == "1")
        }
    }

    @Test func `what leaves a package, or is no plain file, is refused and the slice stays`() async throws {
        try await Testbed.shared().withMachine("olm-escapes") { machine in
            try await machine.installOverlayman(["chained"])
            #expect(try await machine.olm("add", "app-spun/bobbin::chained").succeeded)
            let overlay = machine.path("srv/overlays/chained")
            let script = "cd \(machine.prefix)/srv/overlays/chained && "
            let attacks = [
                ("ln -s /etc/shadow app-spun/bobbin/files/x", "could leave the repository"),
                ("ln -s ../../../../../etc/shadow app-spun/bobbin/files/x", "could leave the repository"),
                ("ln -s 2.0/../../../reel app-spun/bobbin/files/x", "could leave the repository"),
                ("ln -sf /etc/shadow app-spun/bobbin/Manifest", "is a symbolic link"),
                ("ln -sf /etc/shadow profiles/use.mask", "is not a plain file"),
                ("ln -sf /etc/shadow eclass/thread.eclass", "is not a plain file"),
                ("ln -sf ../../../../etc/shadow metadata/md5-cache/app-spun/bobbin-1.0", "is not a plain file"),
                ("rm -r metadata/md5-cache", "has no metadata cache"),
                ("echo other > profiles/repo_name", "calls itself 'other'"),
                ("sed -i s/gentoo/absent/ metadata/layout.conf", "the repository absent, which is not enabled"),
                ("echo '# new' >> app-spun/bobbin/bobbin-1.0.ebuild", "is not that of app-spun/bobbin"),
                ("echo '# new' >> eclass/thread.eclass", "is older than eclass/thread.eclass"),
                ("sed -i 's/^_eclasses_=.*/_eclasses_=x/' metadata/md5-cache/*/*", "no readable metadata"),
            ]
            for (attack, answer) in attacks {
                #expect(try await machine.run(["bash", "-ec", script + attack]).succeeded)
                try await machine.commitOverlay("chained", cache: false)
                let sync = try await machine.olm("sync")
                #expect(sync.exitCode == 2, "\(attack): \(sync.text)")
                #expect(sync.stderr.contains(answer), "\(attack): \(sync.text)")
                #expect(sync.stderr.contains("the slice of chained stays as it is"))
                #expect(machine.generation("chained") == "1")
                #expect(try await machine.run(["bash", "-ec", script + "git reset -q --hard HEAD^"]).succeeded)
            }
            // The same in a directory that git never saw.
            try machine.write(
                "etc/overlayman/overlays.conf",
                "[chained]\nsync-type = local\nsync-uri = \(machine.prefix)/srv/overlays/chained\n")
            for (attack, answer) in attacks.prefix(8) {
                #expect(try await machine.run(["bash", "-ec", script + attack]).succeeded)
                let sync = try await machine.olm("sync")
                #expect(sync.exitCode == 2, "\(attack): \(sync.text)")
                #expect(sync.stderr.contains(answer), "\(attack): \(sync.text)")
                #expect(machine.generation("chained") == "1")
                let reset = script + "git reset -q --hard HEAD && git clean -qfd"
                #expect(try await machine.run(["bash", "-ec", reset]).succeeded)
            }
            #expect(try await machine.olm("sync").succeeded)
            #expect(Files.exists(overlay))
        }
    }

    @Test func `a slice beside an enabled repository of its name is refused`() async throws {
        try await Testbed.shared().withMachine("olm-same-name") { machine in
            try await machine.installOverlayman(["chained"])
            let section = "[chained]\nlocation = \(machine.prefix)/srv/overlays/chained\n"
            try machine.write("etc/portage/repos.conf/mine.conf", section)
            let add = try await machine.olm("add", "app-spun/bobbin::chained")
            #expect(add.exitCode == 2)
            #expect(add.stderr.contains("a repository of this name is enabled at"), "\(add.text)")
            #expect(!Files.exists(machine.slices + "/chained"))
            #expect(!Files.exists(machine.path("etc/overlayman/packages")))
            // Portage does not take a section of another name: then there is no such repository.
            try machine.write("etc/portage/repos.conf/mine.conf", section.replacing("[chained]", with: "[spun]"))
            #expect(try await machine.olm("add", "app-spun/bobbin::chained").succeeded)
            // One that comes later keeps the slice from being changed.
            try machine.write("etc/portage/repos.conf/zz.conf", section)
            #expect(try await machine.olm("sync").exitCode == 2)
            #expect(machine.generation("chained") == "1")
        }
    }

    @Test func `rolling back holds until the overlay gives something else`() async throws {
        try await Testbed.shared().withMachine("olm-rollback") { machine in
            try await machine.installOverlayman(["bundle"])
            #expect(try await machine.olm("add", "lib-wood/gold::bundle").succeeded)
            #expect(try await machine.olm("rollback", "bundle").exitCode == 1)
            let ebuild = try machine.read("srv/overlays/bundle/lib-wood/gold/gold-1.0.ebuild")
            try machine.writeOverlay("bundle", "lib-wood/gold/gold-2.0.ebuild", ebuild)
            try await machine.commitOverlay("bundle")
            #expect(try await machine.olm("sync").stdout == "olm: bundle: 1 package, generation 2\n")
            #expect(try await machine.olm("rollback", "bundle").stdout == "olm: bundle: back at generation 1\n")
            #expect(try await machine.listedPackages() == ["lib-wood/gold-1.0::bundle"])
            let held = try await machine.olm("sync")
            #expect(held.stdout == "olm: bundle: stays at generation 1, to which it was taken back\n")
            try machine.writeOverlay("bundle", "lib-wood/gold/gold-2.1.ebuild", ebuild)
            try await machine.commitOverlay("bundle")
            #expect(try await machine.olm("sync").stdout == "olm: bundle: 1 package, generation 3\n")
            #expect(try await machine.listedPackages() == ["lib-wood/gold-2.1::bundle"])
        }
    }

    @Test(arguments: Machine.Moment.allCases)
    func `killed at the publishing rename, Portage sees the old slice or the new one`(moment: Machine.Moment)
        async throws
    {
        try await Testbed.shared().withMachine("olm-kill-\(moment)") { machine in
            try await machine.installOverlayman(["bundle"])
            #expect(try await machine.olm("add", "lib-wood/gold::bundle").succeeded)
            let ebuild = try machine.read("srv/overlays/bundle/lib-wood/gold/gold-1.0.ebuild")
            try machine.writeOverlay("bundle", "lib-wood/gold/gold-2.0.ebuild", ebuild)
            try await machine.commitOverlay("bundle")
            let killing = try await machine.killingAtRename(to: "/slices/bundle", moment)
            let killed = try await machine.olm("sync", environment: killing)
            #expect(killed.exitCode == 128 + 9, "\(killed.text)")
            let version = moment == .before ? "1.0" : "2.0"
            let pretend = try await machine.emerge(["-pv", "lib-wood/gold"])
            #expect(pretend.text.contains("lib-wood/gold-\(version)::bundle"), "\(pretend.text)")
            #expect(try await machine.listedPackages() == ["lib-wood/gold-\(version)::bundle"])
            #expect(try await machine.olm("sync").succeeded)
            #expect(try await machine.listedPackages() == ["lib-wood/gold-2.0::bundle"])
        }
    }
}

extension Machine {
    /// Commits what was changed in the tree that `useTreeFromGit` made.
    func commitTree() async throws {
        let script = """
            cd "$1/srv/tree"
            egencache --update --repo gentoo --repositories-configuration "[DEFAULT]
            main-repo = gentoo
            [gentoo]
            location = $1/srv/tree" > /dev/null
            git add -A && git -c user.name=T -c user.email=t@example.org commit -q -m more
            """
        let output = try await run(["bash", "-ec", script, "tree", prefix])
        #expect(output.succeeded, "\(output.text)")
    }
}
