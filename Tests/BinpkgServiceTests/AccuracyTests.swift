import BinpkgModel
import BuildEnvironments
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import BinpkgService

/// Which package answers which request.
@Suite struct AccuracyTests {
    private func with(_ version: String, slot: String = "0/1", _ accuracy: Accuracy) -> BuildRequest {
        var request = sample
        request.buildDependencies = [InstalledPackage(cpv: "lib-demo/beta-\(version)", slot: slot, use: [])]
        request.accuracy = accuracy
        return request
    }

    @Test func oneKeyHasSeveralPackages() async throws {
        let builder = TrialBuilder(.package([1]))
        try await Trial.run(builder) { trial in
            let abi = try await trial.obtain(with("1.0", .abi))
            #expect(abi.accuracy == .abi && abi.differences == ["lib-demo/beta 1.0 ≠ 1.1, same sub-slot"])
            // For `exact` another one is built, and the first stays.
            await builder.set(.exact([2]))
            let lookup = try await trial.post(with("1.0", .exact), "?build=no")
            #expect(lookup.state == .declined && lookup.artifact == nil)
            #expect(lookup.nearest?.artifact == abi.artifact && lookup.nearest?.accuracy == .abi)
            #expect(lookup.nearest?.differences == abi.differences)
            let exact = try await trial.obtain(with("1.0", .exact))
            #expect(exact.key == abi.key && exact.artifact != abi.artifact)
            #expect(exact.accuracy == .exact && exact.differences == [])
            #expect(await builder.builds == 2)
            #expect(try await trial.package(abi.artifact) == [1])
            #expect(try await trial.package(exact.artifact) == [2])
            // From now on `abi` takes what was built `exact`: the best class first.
            let again = try await trial.post(with("1.0", .abi))
            #expect(again.artifact == exact.artifact && again.accuracy == .exact)
            let other = try await trial.post(with("1.1", .exact))
            #expect(other.artifact == abi.artifact && other.accuracy == .exact)
            #expect(await builder.builds == 2)
        }
    }

    @Test func otherSubSlotIsBuiltAgain() async throws {
        let builder = TrialBuilder(.exact([1]))
        try await Trial.run(builder) { trial in
            let old = try await trial.obtain(with("1.0", slot: "0/3", .abi))
            let answer = try await trial.post(with("1.0", slot: "0/4", .abi), "?build=no")
            #expect(answer.state == .declined)
            #expect(answer.nearest?.differences == ["lib-demo/beta 1.0, sub-slot 4 ≠ 3"])
            #expect(answer.nearest?.accuracy == .flags)
            let new = try await trial.obtain(with("1.0", slot: "0/4", .abi))
            #expect(new.accuracy == .exact && new.artifact != old.artifact)
            // Who asks for nothing more than the flags takes the closest.
            let flags = try await trial.post(with("1.0", slot: "0/3", .flags))
            #expect(flags.artifact == old.artifact && flags.accuracy == .exact)
            #expect(await builder.builds == 2)
        }
    }

    @Test func newerLibcIsNeverHandedOut() async throws {
        let builder = TrialBuilder(.exact([1]))
        try await Trial.run(builder) { trial in
            var request = with("1.0", .abi)
            request.libc = "sys-libs/glibc-2.41"
            _ = try await trial.obtain(request)
            request.libc = "sys-libs/glibc-2.40"
            request.accuracy = .flags
            let answer = try await trial.post(request, "?build=no")
            #expect(answer.state == .declined && answer.artifact == nil && answer.nearest?.accuracy == nil)
            #expect(
                answer.nearest?.differences
                    == ["libc: sys-libs/glibc-2.40 ≠ sys-libs/glibc-2.41, which is newer"])
            request.libc = "sys-libs/glibc-2.41-r1"
            #expect(try await trial.post(request).state == .ready)
            #expect(await builder.builds == 1)
        }
    }

    static let changes: [(String, @Sendable (inout BuildRequest) -> Void)] = [
        ("CFLAGS: -march=znver3 ≠ znver2", { $0.variables["CFLAGS"] = "-O2 -march=znver3" }),
        ("CPU_FLAGS_X86: avx2 ≠ none", { $0.variables["CPU_FLAGS_X86"] = "sse2 avx2" }),
        ("eclass toolchain-funcs.eclass: another content", { $0.content[1].sha256 = ContentHash.sha256([9]) }),
        ("ebuild: another content", { $0.content[0].sha256 = ContentHash.sha256([9]) }),
        ("IUSE: lto ≠ -lto", { $0.iuse.append("lto") }), ("USE: lto ≠ -lto", { $0.use.append("lto") }),
        (
            "patch app-demo/delta/fix.patch: only in what is asked for",
            {
                $0.content.append(
                    ContentItem(
                        role: .patch, name: "app-demo/delta/fix.patch", sha256: ContentHash.sha256([3]), size: 1))
            }
        ),
        (
            "package: app-demo/delta-1.1 ≠ app-demo/delta-1.0",
            {
                $0.cpv = "app-demo/delta-1.1"
                $0.content[0].name = "delta-1.1.ebuild"
            }
        ),
    ]

    /// Flags that differ, and trees that differ without a revision: no hit, and the answer says why.
    @Test(arguments: changes.indices) func otherKeyIsNoHit(index: Int) async throws {
        let (line, change) = Self.changes[index]
        let builder = TrialBuilder(.exact([1]))
        try await Trial.run(builder) { trial in
            var request = sample
            request.variables = ["CFLAGS": "-O2 -march=znver2", "CPU_FLAGS_X86": "sse2"]
            request.content.append(
                ContentItem(role: .eclass, name: "toolchain-funcs.eclass", sha256: ContentHash.sha256([2]), size: 1))
            let first = try await trial.obtain(request)
            change(&request)
            let answer = try await trial.post(request, "?build=no")
            #expect(answer.state == .declined && answer.key != first.key)
            #expect(answer.nearest?.key == first.key && answer.nearest?.artifact == first.artifact)
            #expect(answer.nearest?.differences == [line])
        }
    }

    @Test func nearestIsTheOneWithTheFewestDifferences() async throws {
        try await Trial.run(TrialBuilder(.exact([1]))) { trial in
            var far = sample
            far.variables = ["CFLAGS": "-O3", "LDFLAGS": "-Wl,-z,now"]
            _ = try await trial.obtain(far)
            var near = sample
            near.variables = ["CFLAGS": "-O3"]
            let closest = try await trial.obtain(near)
            var otherVersion = sample
            otherVersion.cpv = "app-demo/delta-2.0"
            otherVersion.content[0].name = "delta-2.0.ebuild"
            _ = try await trial.obtain(otherVersion)
            let answer = try await trial.post(sample, "?build=no")
            #expect(answer.nearest?.artifact == closest.artifact)
        }
    }

    @Test func whatARequestCannotSayIsNotBuilt() async throws {
        let builder = TrialBuilder(.exact([1]))
        try await Trial.run(builder) { trial in
            var live = sample
            live.content.append(
                ContentItem(role: .eclass, name: "git-r3.eclass", sha256: ContentHash.sha256([2]), size: 1))
            let answer = try await trial.post(live)
            #expect(answer.state == .declined && answer.message?.contains("git-r3.eclass") == true)
            var native = sample
            native.variables = ["CFLAGS": "-O2 -march=native"]
            let response = try await trial.client.execute(
                uri: "/v1/requests", method: .post, body: ByteBuffer(bytes: try trial.encode(native)))
            #expect(response.status == .unprocessableContent)
            #expect(await builder.builds == 0)
        }
    }
}
