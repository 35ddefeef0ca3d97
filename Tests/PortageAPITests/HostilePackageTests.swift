import PortageAPI
import Posix
import Testbed
import Testing

/// Package files whose image wants to leave the directory that it is unpacked into.
@Suite struct HostilePackageTests {
    /// Makes a package of another one: its image has what the last argument says, and its Manifest fits.
    private static let script = """
        import hashlib, io, sys, tarfile
        source, target, kind, outside = sys.argv[1:]
        inner = io.BytesIO()
        with tarfile.open(fileobj=inner, mode="w", format=tarfile.GNU_FORMAT) as image:
            def add(name, type=tarfile.REGTYPE, link=""):
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname, entry.mode = type, link, 0o755
                body = b"out" if type == tarfile.REGTYPE else b""
                entry.size = len(body)
                image.addfile(entry, io.BytesIO(body))
            add("image", tarfile.DIRTYPE)
            if kind == "dots":
                add("image/../../escaped")
            elif kind == "absolute":
                add(outside + "/escaped")
            else:
                add("image/link", tarfile.SYMTYPE, outside)
                add("image/link/escaped")
        body = inner.getvalue()
        sums = {"BLAKE2B": hashlib.blake2b(body).hexdigest(), "SHA512": hashlib.sha512(body).hexdigest()}
        with tarfile.open(source) as old, tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as new:
            for entry in old:
                content = old.extractfile(entry).read()
                if "/image.tar" in entry.name:
                    entry.name, content = entry.name.split("/")[0] + "/image.tar", body
                elif entry.name.endswith("/Manifest"):
                    lines = [line for line in content.decode().splitlines() if " image.tar" not in line]
                    line = f"DATA image.tar {len(body)} " + " ".join(f"{k} {v}" for k, v in sums.items())
                    content = ("\\n".join(lines + [line]) + "\\n").encode()
                entry.size = len(content)
                new.addfile(entry, io.BytesIO(content))
        """

    @Test func anImageStaysInItsDirectory() async throws {
        try await Testbed.shared().withMachine("api-hostile") { machine async throws in
            let built = try await machine.emerge(["--buildpkgonly", "--oneshot", "app-demo/hello"])
            try #require(built.succeeded, "\(built.text)")
            let found = try await machine.run(["bash", "-c", "find $0 -name 'hello*.gpkg.tar'", machine.prefix])
            let source = String(found.stdout.split(separator: "\n").first ?? "")
            try Files.makeDirectories(machine.path("outside"))
            for kind in ["dots", "absolute", "link"] {
                let target = "\(machine.prefix)/\(kind).gpkg.tar"
                let made = try await machine.run(
                    ["/usr/bin/python3", "-c", Self.script, source, target, kind, machine.prefix + "/outside"])
                try #require(made.succeeded, "\(made.text)")
                for folder in ["in/image", "in/info"] {
                    try Files.removeTree(machine.path(folder))
                    try Files.makeDirectories(machine.path(folder))
                }
                try await machine.withPortage { portage async throws in
                    // The package itself is well made: only its image is not.
                    _ = try await portage.checkPackage(target, cpv: "app-demo/hello-1.0")
                    await #expect(throws: PortageError.self, "\(kind)") {
                        try await portage.unpackPackage(
                            target, cpv: "app-demo/hello-1.0", imageDirectory: machine.prefix + "/in/image",
                            buildInfoDirectory: machine.prefix + "/in/info")
                    }
                }
                let escaped = try await machine.run(["find", machine.prefix, "-name", "escaped"])
                #expect(escaped.stdout == "", "\(kind)")
            }
        }
    }
}
