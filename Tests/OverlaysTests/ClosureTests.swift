import Overlays
import PortageAPI
import Testing

/// Answers about a made-up overlay: a table of who needs what.
struct Table: ClosureQuestions {
    var versions: [String: String] = [:]
    var needs: [String: [OverlayNeed]] = [:]

    func overlayChoices(_ overlay: OverlayLocation, atoms: [String]) async throws(PortageError) -> [String?] {
        atoms.map { versions[$0] }
    }

    func overlayNeeds(_ overlay: OverlayLocation, packages: [String]) async throws(PortageError) -> [[OverlayNeed]] {
        packages.map { needs[$0] ?? [] }
    }
}

@Suite struct ClosureTests {
    let overlay = OverlayLocation(name: "o", location: "/o", slices: "/slices")

    @Test func `cycles end, shared needs are found once, and every reason is kept`() async throws {
        func need(_ cpv: String?, _ atom: String = "a-a/x", _ kind: String = "RDEPEND") -> OverlayNeed {
            OverlayNeed(atom: atom, kinds: [kind], cpv: cpv)
        }
        let table = Table(
            versions: ["a-a/one::o": "a-a/one-1", "a-a/two::o": "a-a/two-1"],
            needs: [
                "a-a/one-1": [need("a-a/lib-1"), need("a-a/two-1", "a-a/two", "PDEPEND")],
                "a-a/two-1": [need("a-a/lib-1"), need(nil, "a-a/gone")],
                "a-a/lib-1": [need("a-a/one-1", "a-a/one")],
            ])
        let entries = try ["a-a/one::o", "a-a/two::o"].map { try PackageList.Entry($0, file: "list", line: 1) }
        let closure = try await Closure.compute(entries, of: overlay, asking: table)
        #expect(closure.packages.map(\.cpv) == ["a-a/lib-1", "a-a/one-1", "a-a/two-1"])
        #expect(closure.packages.map(\.requests) == [[], ["a-a/one::o in list"], ["a-a/two::o in list"]])
        #expect(closure.packages[0].needers.map(\.cpv) == ["a-a/one-1", "a-a/two-1"])
        #expect(closure.packages[2].needers.map(\.kinds) == [["PDEPEND"]])
        #expect(closure.unsatisfied.map(\.atom) == ["a-a/gone"])
        #expect(closure.unsatisfied.map(\.cpv) == ["a-a/two-1"])
    }

    @Test func `a package that the overlay does not have is named with its line`() async throws {
        let entries = [try PackageList.Entry("a-a/none::o", file: "list", line: 7)]
        await #expect(throws: OverlaysError(.nothing, "list:7: o has no package a-a/none::o")) {
            try await Closure.compute(entries, of: overlay, asking: Table())
        }
    }

    @Test func `the chain of reasons is the shortest`() {
        func package(_ name: String, _ requests: [String], _ needers: [String]) -> SliceLock.Package {
            SliceLock.Package(
                cpv: name, hash: "", requests: requests,
                needers: needers.map { .init(cpv: $0, atom: name, kinds: ["RDEPEND"]) })
        }
        let lib = package("lib", [], ["lib2", "app"])
        let lock = SliceLock(
            overlay: "o", source: "", commit: "", content: "",
            packages: [lib, package("lib2", [], ["lib", "app"]), package("app", ["app::o"], [])])
        #expect(lock.chain(from: lib) == ["app needs lib (RDEPEND)", "wanted: app::o"])
        #expect(lib.reason == "lib2 needs lib (RDEPEND), and 1 more")
    }
}
