import BinpkgModel
import Glibc
import PackageModel
import Posix
import Testing

@testable import BuildEnvironments

/// Kept environments on disk: what is half made goes, what is in use stays.
@Suite struct LayerStoreTests {
    private func withStore<R>(_ body: (LayerStore) throws -> R) throws -> R {
        let place = "/tmp/layers-\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        try Files.makeDirectories(place)
        defer { try? Files.removeTree(place) }
        return try body(LayerStore(stateDirectory: place))
    }

    private func layer(_ name: String, parent: String? = nil) -> Layer {
        let package = InstalledPackage(cpv: "a/\(name)-1", slot: "0", use: [])
        return Layer(
            id: LayerStore.identity(root: "r", parent: parent, digests: [package.cpv: name]), environment: "host",
            root: "r", parent: parent, packages: [package], installed: [package], libc: "", places: ["/", "/p"],
            made: 1, bytes: 1)
    }

    private func add(_ layer: Layer, to store: LayerStore) throws {
        let draft = try store.makeDraft()
        for index in 0...1 { try Files.makeDirectories("\(draft.path)/layers/\(index)/upper") }
        try Files.makeDirectories(draft.path + "/tmp")
        try store.adopt(draft: draft.path, layer: layer)
        withExtendedLifetime(draft.lock) {}
    }

    @Test func aLayerAppearsWhole() throws {
        try withStore { store in
            let one = layer("one")
            let two = layer("two", parent: one.id)
            try add(one, to: store)
            try add(two, to: store)
            try add(one, to: store)
            #expect(store.layers() == [one, two])
            #expect(try Files.list(store.directory).count == 2)
            #expect(try Files.list(store.path(one.id)) == ["0", "1", "layer.json", "lock"])
            let held = try #require(store.hold(two.id))
            #expect(held.directories(at: "/p") == ["\(store.path(two.id))/1", "\(store.path(one.id))/1"])
            #expect(held.directories(at: "/other") == [])
            store.countUse(of: two.id)
            #expect(store.use(of: two.id).count == 1 && store.use(of: one.id).count == 0)
        }
    }

    @Test func whatIsUsedStays() throws {
        try withStore { store in
            let one = layer("one")
            let two = layer("two", parent: one.id)
            try add(one, to: store)
            try add(two, to: store)
            #expect(try !store.remove(one.id), "another stands on it")
            do {
                let held = store.hold(two.id)
                #expect(store.isInUse(one.id) && store.isInUse(two.id))
                #expect(try !store.remove(two.id))
                withExtendedLifetime(held) {}
            }
            #expect(!store.isInUse(two.id))
            #expect(try store.remove(two.id) && store.remove(one.id) && store.remove(one.id))
            #expect(store.layers() == [])
        }
    }

    @Test func halfOnesAreSweptAndLivingMakersAreNot() throws {
        try withStore { store in
            let orphan = layer("orphan", parent: "gone")
            try add(orphan, to: store)
            try Files.makeDirectories(store.directory + "/.gone-x/0")
            try Files.makeDirectories(store.directory + "/.new-dead/layers")
            let living = try store.makeDraft()
            let swept = Set(try store.sweep())
            #expect(swept == [".gone-x", ".new-dead", orphan.id])
            #expect(Files.exists(living.path))
            withExtendedLifetime(living.lock) {}
        }
    }

    @Test func identityIsTheContent() {
        func id(_ root: String, _ parent: String?, _ digests: [String: String]) -> String {
            LayerStore.identity(root: root, parent: parent, digests: digests)
        }
        #expect(id("r", nil, ["a/b-1": "x", "a/c-1": "y"]) == id("r", nil, ["a/c-1": "y", "a/b-1": "x"]))
        let all = [
            id("r", nil, ["a/b-1": "x"]), id("s", nil, ["a/b-1": "x"]), id("r", "p", ["a/b-1": "x"]),
            id("r", nil, ["a/b-1": "y"]), id("r", nil, ["a/b-2": "x"]), id("r", nil, [:]),
        ]
        #expect(Set(all).count == all.count)
    }
}

@Suite struct InstallListTests {
    @Test func onlyWhatDiffersAndExistsIsInstalled() throws {
        func package(_ cpv: String, _ use: [String] = []) -> InstalledPackage {
            InstalledPackage(cpv: cpv, slot: "0", use: use)
        }
        let found = PackageSet([package("a/same-1"), package("a/old-1"), package("a/flags-1")])
        var needs = EnvironmentNeeds(packages: [
            package("a/same-1"), package("a/old-2"), package("a/flags-1", ["u"]), package("a/unknown-7"),
        ])
        needs.atoms = InstallList.atoms(unsatisfied: [
            ">=a/old-2", "b/new[x]", "|| ( c/one c/two )", "|| ( c/one >=c/two-1?bad )",
        ])
        #expect(needs.atoms.count == 3)
        let list = InstallList(for: needs, in: found, existing: ["a/same-1", "a/old-2", "a/flags-1"])
        #expect(list.arguments == ["=a/flags-1", "=a/old-2", "b/new[x]", "c/one"])
        #expect(InstallList(for: EnvironmentNeeds(packages: [package("a/same-1")]), in: found, existing: []).isEmpty)
    }
}
