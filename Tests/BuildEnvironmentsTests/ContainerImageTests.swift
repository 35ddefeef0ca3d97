import Posix
import Testbed
import Testing

@testable import BuildEnvironments

/// What an engine of containers is told.
@Suite struct ContainerImageTests {
    /// Writes down what it is told, and answers as podman or, with a digest's name before it, docker does.
    private static func engine(_ prefix: String) -> String {
        #"""
        #!/bin/bash
        printf '%s\n' "$*" >> "${0}.log"
        case $2 in
            image) echo "\#(prefix)0123456789abcdef0123456789abcdef" ;;
            create) echo "Pulled something" >&2; echo fedcba9876543210 ;;
            export) tar -c -C "${0%/*}" -f "$4" root ;;
        esac

        """#
    }

    /// docker and podman take the same words, and each gives the image's root.
    @Test(arguments: [("podman", ""), ("docker", "sha256:")])
    func aRootIsTakenOut(name: String, prefix: String) async throws {
        let scratch = try ScratchDirectory()
        let program = try scratch.write(name, Self.engine(prefix), mode: 0o755)
        _ = try scratch.write("root/etc/os-release", "ID=gentoo\n")
        let image = ContainerImage(name: "localhost/box:1", engine: [program, "--debug"])
        let id = try await image.identity()
        #expect(id == "0123456789abcdef0123456789abcdef")
        let root = try await image.unpacked(
            id: id, library: scratch.path + "/library", scratch: scratch.path + "/library/new")
        #expect(root == scratch.path + "/library/image-\(id)")
        #expect(try Files.list(root) == ["root"])
        let told = try Files.readText("\(program).log", limit: 1 << 16).split(separator: "\n")
        #expect(
            told == [
                "--debug image inspect --format {{.Id}} -- localhost/box:1",
                "--debug create -- localhost/box:1 /bin/true",
                "--debug export --output \(scratch.path)/library/new.tar fedcba9876543210",
                "--debug rm fedcba9876543210",
            ])
    }
}
