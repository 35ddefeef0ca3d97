import AgentProtocol
import BinpkgModel
import Glibc
import PortageAPI
import Posix
import Testing

@testable import BinpkgClient

@Suite struct StagerTests {
    private struct Outcome {
        var report: StageReport
        /// Names in the staging directory afterwards.
        var names: [String]
        /// Names in the cache of packages afterwards.
        var cache: [String]
        var log: [String]
        var uploads: Int
        var calls: [String]
        var written: StageState?
    }

    /// Stages dev-demo/alpha-1.0 from a fake service.
    private func stage(
        _ plan: FakeService.Plan = .init(), policy: String = "wait:60", portage answers: [String: String] = [:],
        changing: [String: String] = [:], answerTimeout: Int = 60_000,
        prepare: (FakeMachine) throws -> Void = { _ in }
    ) async throws -> Outcome {
        let machine = try FakeMachine()
        try prepare(machine)
        let portage = machine.portage(changing: answers)
        let service = FakeService(plan)
        let report = try await LoopbackServer.with {
            service.answer($0)
        } _: { server in
            let setup = machine.setup(service: server.url, policy: policy, changing: changing)
            return await Stager(answerTimeout: answerTimeout) { PortageAPI(transport: portage) }.stage(setup)
        }
        let directory = StagingDirectory(
            temporaryDirectory: machine.root + "/tmp", category: "dev-demo", pf: "alpha-1.0")
        let path = directory?.path ?? ""
        return Outcome(
            report: report, names: (try? Files.list(path)) ?? [],
            cache: (try? Files.list(machine.root + "/var/cache/portmanteau/packages")) ?? [], log: service.log,
            uploads: service.uploads.count, calls: await portage.calls, written: directory?.readState())
    }

    @Test func aHit() async throws {
        let outcome = try await stage()
        #expect(outcome.report.exitCode == 0)
        #expect(outcome.report.line.hasPrefix("dev-demo/alpha-1.0: binary package from http://127.0.0.1:"))
        #expect(outcome.report.line.hasSuffix(": hit, exact, saves 12 s of building"))
        #expect(outcome.written == outcome.report.state)
        #expect(outcome.written?.outcome == .staged)
        #expect(outcome.written?.buildSeconds == 12)
        #expect(outcome.names == ["build-info", "image", "lock", "state"])
        #expect(outcome.cache.isEmpty)
        #expect(outcome.calls == ["key_inputs", "check_package", "sub_slot_differences", "unpack_package"])
        #expect(outcome.log.map { $0.prefix(16) } == ["GET /v1/status", "POST /v1/request", "GET /v1/artifact"])
    }

    @Test func aMissIsUploadedAndWaitedFor() async throws {
        let outcome = try await stage(.init(states: [.queued, .building, .ready], wantsContent: true))
        #expect(outcome.report.exitCode == 0, "\(outcome.report.line)")
        #expect(outcome.report.line.contains(": waited "))
        #expect(outcome.uploads == 7)
        #expect(outcome.log.filter { $0.hasPrefix("GET /v1/requests") && !$0.hasSuffix("/log") }.count == 2)
    }

    /// A spoilt service or package, and the exit code and text that follow.
    struct Trouble: Sendable {
        var name: String
        var plan = FakeService.Plan()
        var policy = "wait:60"
        var portage: [String: String] = [:]
        var changing: [String: String] = [:]
        var code: Int32
        var text: String
    }

    private static func metadata(_ name: String, _ value: String) -> [String: String] {
        ["check_package": FakeMachine.metadata.replacing(name, with: value)]
    }

    @Test(arguments: [
        Trouble(name: "off", policy: "off", code: 1, text: "the policy is 'off'"),
        Trouble(name: "bad policy", policy: "sometimes", code: 2, text: "BINPKG_POLICY 'sometimes' is not known"),
        Trouble(name: "bad accuracy", changing: ["BINPKG_ACCURACY": "x"], code: 2, text: "BINPKG_ACCURACY 'x'"),
        Trouble(
            name: "no address", changing: ["BINPKG_SERVICE": "nfs:x"], code: 2, text: "neither 'off' nor an http://"),
        Trouble(
            name: "refused", changing: ["BINPKG_SERVICE": "http://127.0.0.1:1"], code: 75, text: "Connection refused"),
        Trouble(name: "declined", plan: .init(states: [.declined], message: "no\nroom"), code: 1, text: "no\\nroom"),
        Trouble(
            name: "failed", plan: .init(states: [.failed], message: "gcc"), code: 1, text: "could not build it: gcc"),
        Trouble(
            name: "not accurate", plan: .init(accuracy: .flags, differences: ["dev-demo/gen-2: here 3"]), code: 1,
            text: "only as flags: dev-demo/gen-2: here 3"),
        Trouble(name: "too slow", plan: .init(states: [.building]), policy: "wait:0", code: 1, text: "is being built"),
        Trouble(
            name: "another key", plan: .init(id: String(repeating: "a", count: 64)), code: 2, text: "another key"),
        Trouble(name: "no key", plan: .init(id: "../../etc"), code: 2, text: "a name in it is no SHA-256"),
        Trouble(
            name: "status 500", plan: .init(instead: ["POST /v1/requests": .response(500)]), code: 2,
            text: "answered with status 500"),
        Trouble(
            name: "a problem document",
            plan: .init(
                instead: [
                    "POST /v1/requests": .response(
                        403,
                        body: Array(#"{"type":"about:blank","title":"No","status":403,"detail":"who are you"}"#.utf8))
                ]), code: 2, text: "the service answers: who are you"),
        Trouble(
            name: "no JSON", plan: .init(instead: ["POST /v1/requests": .response(200, body: [60, 104, 62])]), code: 2,
            text: "no answer to a request: <h>"),
        Trouble(
            name: "foreign content",
            plan: .init(
                instead: [
                    "POST /v1/requests": .response(500),
                    "PUT /v1/content": .response(500),
                ]), code: 2, text: "500"),
        Trouble(
            name: "upload refused", plan: .init(wantsContent: true, instead: ["PUT /v1/content": .response(413)]),
            code: 2, text: "status 413"),
        Trouble(
            name: "wrong hash",
            plan: .init(
                instead: [
                    "GET /v1/artifacts": .response(
                        200, body: [1], headers: ["Digest: sha-256=" + String(repeating: "0", count: 64)])
                ]), code: 2, text: "SHA-256 is 4bf5122f"),
        Trouble(
            name: "no hash", plan: .init(instead: ["GET /v1/artifacts": .response(200, body: [1])]), code: 2,
            text: "does not state the file's SHA-256"),
        Trouble(
            name: "truncated", plan: .init(instead: ["GET /v1/artifacts": .response(200, body: [1], promising: 99)]),
            code: 2, text: "bad answer"),
        Trouble(
            name: "redirect",
            plan: .init(
                instead: ["GET /v1/artifacts": .response(302, headers: ["Location: http://example.org/"])]), code: 2,
            text: "status 302"),
        Trouble(
            name: "altered package", portage: ["check_package": "raise DigestException: image.tar"], code: 2,
            text: "cannot be used: OSError: DigestException: image.tar"),
        Trouble(
            name: "disk full while unpacking", portage: ["unpack_package": "raise [Errno 28] No space left on device"],
            code: 2, text: "No space left on device"),
        Trouble(
            name: "other sub-slots", portage: ["sub_slot_differences": #"["gen 0/0, here 0/1"]"#], code: 1,
            text: "other sub-slots: gen 0/0, here 0/1"),
        Trouble(name: "other USE", portage: metadata("doc x86", "nls x86"), code: 2, text: "its USE is 'nls'"),
        Trouble(name: "other IUSE", portage: metadata("+nls doc", "doc"), code: 2, text: "its IUSE is 'doc'"),
        Trouble(name: "other SLOT", portage: metadata("0/2", "0/3"), code: 2, text: "its SLOT is '0/3'"),
        Trouble(name: "other CHOST", portage: metadata("x86_64-pc", "i686-pc"), code: 2, text: "its CHOST is 'i686"),
        Trouble(name: "other package", portage: metadata("alpha-1.0", "alpha-1.1"), code: 2, text: "its package is"),
        Trouble(
            name: "native", changing: ["CFLAGS": "-march=native"], code: 1, text: "CFLAGS has -march=native"),
        Trouble(
            name: "no Portage", portage: ["key_inputs": "raise ParseError: make.conf"], code: 2, text: "make.conf"),
    ])
    func everyFailureMeansALocalBuild(_ trouble: Trouble) async throws {
        let outcome = try await stage(
            trouble.plan, policy: trouble.policy, portage: trouble.portage, changing: trouble.changing)
        #expect(outcome.report.exitCode == trouble.code, "\(outcome.report.line)")
        #expect(outcome.report.line.hasSuffix(": building here"))
        #expect(outcome.report.line.contains(trouble.text), "\(outcome.report.line)")
        #expect(!outcome.report.line.contains("\n"))
        #expect(outcome.written?.outcome == .local)
        #expect(outcome.names == ["lock", "state"])
        #expect(outcome.cache.isEmpty)
    }

    @Test func readyOnlyLooksUp() async throws {
        let outcome = try await stage(.init(states: [.declined], message: "not built yet"), policy: "ready")
        #expect(outcome.report.exitCode == 1)
        #expect(outcome.log.contains("POST /v1/requests?build=no"))
        #expect(outcome.uploads == 0)
    }

    @Test func aSilentServiceIsAway() async throws {
        let outcome = try await stage(.init(instead: ["GET /v1/status": .silence]), answerTimeout: 500)
        #expect(outcome.report.exitCode == 75)
        #expect(outcome.report.line.hasSuffix("does not answer (no answer within 0.5 s): building here"))
        #expect(outcome.calls.isEmpty)
        #expect(outcome.written?.outcome == .local)
    }

    @Test func autoComparesWithThePast() async throws {
        let log = """
            1000:  === (1 of 1) Compiling/Merging (dev-demo/alpha-0.9::/r/alpha-0.9.ebuild)
            1003:  === (1 of 1) Merging (dev-demo/alpha-0.9::/r/alpha-0.9.ebuild)
            1004:  ::: completed emerge (1 of 1) dev-demo/alpha-0.9 to /

            """
        let outcome = try await stage(.init(states: [.building], estimate: 40), policy: "wait:auto") { machine in
            try Files.makeDirectories(machine.root + "/var/log")
            try Files.replace(machine.root + "/var/log/emerge.log", with: Array(log.utf8))
        }
        #expect(outcome.report.exitCode == 1)
        #expect(outcome.report.line.hasSuffix("the service needs about 40 s, this machine 3.0 s: building here"))
    }
}
