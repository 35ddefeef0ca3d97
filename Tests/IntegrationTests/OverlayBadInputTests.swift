import Posix
import Testbed
import Testing

/// Overlays and disks that fail olm, and words that are meant to: the published slice stays, and a line says why.
@Suite struct OverlayBadInputTests {
    /// A machine with a slice of generation 1 whose overlay has something new.
    private func withSlice(_ name: String, _ body: (Machine) async throws -> Void) async throws {
        try await Testbed.shared().withMachine(name) { machine in
            try await machine.installOverlayman(["bundle"])
            let add = try await machine.olm("add", "lib-wood/gold::bundle")
            try #require(add.succeeded, "\(add.text)")
            let ebuild = try machine.read("srv/overlays/bundle/lib-wood/gold/gold-1.0.ebuild")
            try machine.writeOverlay("bundle", "lib-wood/gold/gold-2.0.ebuild", ebuild)
            try await machine.commitOverlay("bundle")
            try await body(machine)
        }
    }

    private func expectRefusal(
        _ output: Output, _ status: Int, _ text: String, on machine: Machine, _ comment: String = ""
    ) {
        #expect(output.exitCode == status, "\(comment): \(output.text)")
        let lines = output.stderr.split(separator: "\n")
        #expect(
            lines.allSatisfy { $0.hasPrefix("olm: ") } && (1...2).contains(lines.count), "\(comment): \(output.text)")
        #expect(lines.first?.contains(text) == true, "\(comment): \(output.text)")
        #expect(machine.generation("bundle") == "1")
    }

    @Test func `a full disk leaves the slice`() async throws {
        try await withSlice("olm-full") { machine in
            let slices = try await machine.runOnFullDisk("var/lib/portmanteau", ["olm", "sync"])
            expectRefusal(slices.output, 2, "No space left on device", on: machine)
            #expect(slices.isSame)
            #expect(slices.output.stderr.contains("; the slice of bundle stays as it is"))
            let clone = try await machine.runOnFullDisk("var/cache/portmanteau", ["olm", "sync"])
            #expect([2, 75].contains(clone.output.exitCode), "\(clone.output.text)")
            expectRefusal(clone.output, clone.output.exitCode, "; the slice of bundle stays", on: machine)
            let list = try await machine.runOnFullDisk("etc", ["olm", "add", "app-wood/cabinet::bundle"])
            expectRefusal(list.output, 2, "No space left on device", on: machine)
            #expect(list.isSame)
            let sync = try await machine.olm("sync")
            #expect(sync.stdout == "olm: bundle: 1 package, generation 2\n", "\(sync.text)")
        }
    }

    @Test func `an overlay that is dead, cut off or nonsense leaves the slice`() async throws {
        try await withSlice("olm-broken") { machine in
            let stays = "; the slice of bundle stays as it is"
            func sync(from url: String) async throws -> Output {
                try machine.write("etc/overlayman/overlays.conf", "[bundle]\nsync-type = git\nsync-uri = \(url)\n")
                return try await machine.olm("sync")
            }
            expectRefusal(try await sync(from: "http://127.0.0.1:9/x.git"), 75, stays, on: machine, "dead")
            let references = Array("001e# service=git-upload-pack\n0000".utf8)
            let type = ["Content-Type: application/x-git-upload-pack-advertisement"]
            for reply in [
                LoopbackServer.Reply.response(200, body: Array("<html>".utf8)), .response(500), .bytes([], close: true),
                .response(200, body: references, headers: type, promising: 4000),
                .response(200, body: references + Array("fffe".utf8), headers: type),
            ] {
                try await LoopbackServer.with { _ in
                    reply
                } _: { server in
                    let output = try await sync(from: server.url + "/x.git")
                    expectRefusal(output, 75, stays, on: machine, "\(reply)")
                }
            }
            // Objects of the new commit are cut off.
            let overlay = machine.prefix + "/srv/overlays/bundle"
            let damage = try await machine.run([
                "bash", "-ec",
                """
                cd "$1" && cp -a .git ../whole
                for object in $(git rev-list --objects HEAD^..HEAD | cut -d' ' -f1); do
                    file=.git/objects/${object:0:2}/${object:2}
                    chmod u+w "$file" && truncate -s 20 "$file"
                done
                """, "damage", overlay,
            ])
            #expect(damage.succeeded, "\(damage.text)")
            expectRefusal(try await sync(from: overlay), 75, stays, on: machine, "cut off")
            // What was fetched before still serves.
            let remove = try await machine.olm("remove", "lib-wood/gold")
            #expect(remove.stdout == "olm: bundle: nothing is wanted from it, the slice is gone\n", "\(remove.text)")
            let repair = try await machine.run([
                "bash", "-ec", "cd \"$1\" && rm -r .git && mv ../whole .git", "repair", overlay,
            ])
            #expect(repair.succeeded, "\(repair.text)")
            let add = try await machine.olm("add", "lib-wood/gold::bundle")
            #expect(add.stdout == "olm: bundle: 1 package, generation 1\n", "\(add.text)")
            #expect(try await machine.listedPackages() == ["lib-wood/gold-2.0::bundle"])
        }
    }

    @Test func `hostile names and addresses run nothing`() async throws {
        try await withSlice("olm-hostile") { machine in
            let mark = machine.prefix + "/tmp/ran"
            for atom in [
                "../../etc/passwd::bundle", "app-wood/$(touch \(mark))::bundle", "app-wood/cabinet::../../../etc",
                "app-wood/cabinet::-x", "-a/b::bundle", "app-wood/cab\u{1b}[2Jinet::bundle", "::bundle", "",
                "app-wood/cabinet::bundle\napp-wood/gold::bundle",
            ] {
                let output = try await machine.olm("add", "--", atom)
                expectRefusal(output, 2, "", on: machine, atom)
                #expect(!output.text.contains("\u{1b}"))
            }
            for section in [
                "[bundle]\nsync-type = git\nsync-uri = ext::sh -c touch% \(mark)",
                "[bundle]\nsync-type = git\nsync-uri = --upload-pack=touch \(mark)",
                "[bundle]\nsync-type = git\nsync-uri = ssh://-oProxyCommand=touch%20\(mark)/x",
                "[bundle]\nsync-type = git\nsync-uri = file://",
                "[../../etc]\nsync-type = local\nsync-uri = /etc",
                "[bundle]\nsync-type = rsync\nsync-uri = rsync://x/y",
                "[bundle]\nsync-type = local\nsync-uri = etc", "[bundle]\n$(touch \(mark))", "sync-type = git",
            ] {
                try machine.write("etc/overlayman/overlays.conf", section + "\n")
                expectRefusal(try await machine.olm("sync"), 2, "etc/overlayman/overlays.conf:", on: machine, section)
            }
            #expect(!Files.exists(machine.path("tmp/ran")))
            #expect(try machine.read("etc/overlayman/packages") == "lib-wood/gold::bundle\n")
        }
    }

    @Test func `attributes, submodules and odd names of an overlay change nothing`() async throws {
        try await withSlice("olm-git") { machine in
            let files = "srv/overlays/bundle/lib-wood/gold/files"
            try machine.write("\(files)/note", "one $Id$\ntwo\n")
            try machine.write("\(files)/-rf $(touch ran) `x`", "three\n")
            let script = """
                cd "$1"
                printf '%s\\n' '* text eol=crlf ident export-ignore filter=evil working-tree-encoding=UTF-16' \
                    > .git/info/later
                git add -A
                git -c user.name=T -c user.email=t@example.org commit -q -m one
                cp .git/info/later .gitattributes
                printf '[submodule "x"]\\npath = vendor\\nurl = ext::sh -c touch%% %s\\n' "$2" > .gitmodules
                mkdir -p vendor
                git update-index --add --cacheinfo "160000,$(git rev-parse HEAD),vendor"
                git update-index --add --cacheinfo "100644,$(git hash-object -w --no-filters .gitattributes),.gitattributes"
                git update-index --add --cacheinfo "100644,$(git hash-object -w --no-filters .gitmodules),.gitmodules"
                git -c user.name=T -c user.email=t@example.org commit -q -m two
                """
            let mark = machine.prefix + "/tmp/ran"
            let overlay = machine.prefix + "/srv/overlays/bundle"
            let committed = try await machine.run(["bash", "-ec", script, "commit", overlay, mark])
            try #require(committed.succeeded, "\(committed.text)")
            let sync = try await machine.olm("sync")
            #expect(sync.stdout == "olm: bundle: 1 package, generation 2\n", "\(sync.text)")
            let slice = machine.slices + "/bundle/lib-wood/gold/files"
            #expect(try Files.list(slice) == ["-rf $(touch ran) `x`", "note"])
            #expect(try Files.readText(slice + "/note") == "one $Id$\ntwo\n")
            #expect(!Files.exists(machine.path("tmp/ran")))
            #expect(!Files.exists(machine.path("var/cache/portmanteau/overlays/bundle/.git/modules")))

            // Inside a package both are refused.
            for (change, answer) in [
                (
                    "git update-index --add --cacheinfo \"160000,$(git rev-parse HEAD),lib-wood/gold/files/sub\"",
                    "lib-wood/gold/files/sub is not a file"
                ),
                (
                    "object=$(git rev-parse HEAD:lib-wood/gold/gold-1.0.ebuild) && git update-index --add --cacheinfo "
                        + "\"100644,$object,lib-wood/gold/files/a\"$'\\n'b", "could leave the repository"
                ),
            ] {
                let script = "cd \"$1\" && \(change) && git -c user.name=T -c user.email=t@example.org commit -q -m x"
                let committed = try await machine.run(["bash", "-ec", script, "commit", overlay])
                try #require(committed.succeeded, "\(committed.text)")
                let output = try await machine.olm("sync")
                #expect(output.exitCode == 2 && output.stderr.contains(answer), "\(output.text)")
                #expect(output.stderr.split(separator: "\n").count == 1, "\(output.text)")
                #expect(machine.generation("bundle") == "2")
                let reset = try await machine.run(["git", "-C", overlay, "reset", "-q", "--soft", "HEAD^"])
                #expect(reset.succeeded)
                _ = try await machine.run(["git", "-C", overlay, "read-tree", "HEAD"])
            }
        }
    }
}
