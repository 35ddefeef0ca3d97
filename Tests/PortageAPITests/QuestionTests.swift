import PortageAPI
import PythonBridge
import Testbed
import Testing

@Suite struct QuestionTests {
    @Test func settingsOfThisRoot() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("api-settings") { machine async throws in
            let values = try await machine.withPortage { try await $0.settings(["EROOT", "EPREFIX", "CHOST", "NOPE"]) }
            #expect(values["EROOT"] == machine.prefix + "/")
            #expect(values["EPREFIX"] == machine.prefix)
            #expect(values["CHOST"]?.isEmpty == false)
            #expect(values["NOPE"] == nil)
        }
    }

    @Test func visibility() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("api-visible") { machine async throws in
            try machine.write("etc/portage/package.mask/test", "=lib-demo/alpha-2*\n")
            try await machine.withPortage { portage async throws in
                let best = try await portage.bestVisible("lib-demo/alpha")
                #expect(best?.slot == "0")
                #expect(best?.subSlot == "1")
                #expect(best?.repository == "gentoo")
                #expect(try await portage.bestVisible(">=lib-demo/alpha-2") == nil)
                #expect(try await portage.bestVisible("lib-demo/nowhere") == nil)
                await #expect { try await portage.bestVisible("alpha; rm") } throws: { error in
                    (error as? PortageError)?.exceptionType == "InvalidAtom"
                }
            }
        }
    }

    @Test func mergeListAndGraph() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("api-graph") { machine async throws in
            let list = ["lib-demo/alpha-2.0", "lib-demo/beta-1.0", "lib-demo/gamma-1.0", "app-demo/delta-1.0"]
            let available = try await machine.withPortage { try await $0.bestVisible("lib-demo/alpha") }
            let alpha = try #require(available?.cpv)
            let cpvs = [alpha] + list.dropFirst()
            let text = try machine.writeMergeList(cpvs)
            try await machine.withPortage { portage async throws in
                let merges = try await portage.mergeList()
                #expect(merges.entries.map(\.cpv) == cpvs)
                #expect(merges.entries.allSatisfy { $0.root == machine.prefix + "/" && $0.type == "ebuild" })
                #expect(!merges.stamp.isEmpty)
                let report = try await portage.dependencyGraph()
                #expect(report.nodes.map(\.cpv) == cpvs)
                #expect(report.nodes.allSatisfy { $0.state == .waiting && $0.repo == "gentoo" })
                #expect(
                    report.lines == [
                        "beta > alpha DEPEND RDEPEND", "gamma > alpha DEPEND RDEPEND", "delta > beta DEPEND RDEPEND",
                        "delta > gamma DEPEND RDEPEND",
                    ])
            }
            #expect(try machine.read("var/cache/edb/mtimedb") == text)
        }
    }

    @Test func alternativesAndCycles() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("api-any-of") { machine async throws in
            try machine.writeMergeList([
                "lib-demo/sun-1.0", "lib-demo/moon-1.0", "app-demo/hello-1.0", "virtual/greeting-1",
                "lib-demo/beta-1.0", "app-demo/party-1.0", "app-demo/gone-1.0",
            ])
            let report = try await machine.withPortage { try await $0.dependencyGraph() }
            let lines = Set(report.lines)
            #expect(
                lines.isSuperset(of: ["sun > moon PDEPEND", "moon > sun DEPEND RDEPEND", "greeting > hello RDEPEND"]))
            #expect(lines.isSuperset(of: ["party > greeting RDEPEND", "party > beta RDEPEND"]))
            #expect(report.nodes.count == 7)
            #expect(report.edges.allSatisfy { $0.from != 6 && $0.to != 6 })
        }
    }

    @Test func noEmergeIsNoMergeList() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("api-no-list") { machine async throws in
            try await machine.withPortage { portage async throws in
                let list = try await portage.mergeList(mtimedb: "/nonexistent/mtimedb")
                #expect(list.entries.isEmpty && list.stamp.isEmpty)
                try machine.write("bad", "{\"resume\": {\"mergelist\": [[1, 2]]}}")
                await #expect(throws: PortageError.self) {
                    try await portage.mergeList(mtimedb: machine.prefix + "/bad")
                }
                try machine.write("bad", String(repeating: "[", count: 100_000))
                await #expect(throws: PortageError.self) {
                    try await portage.mergeList(mtimedb: machine.prefix + "/bad")
                }
            }
        }
    }

    @Test func aBrokenConfigurationIsAnErrorWithPortagesMessage() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("api-broken") { machine async throws in
            try machine.append("etc/portage/make.conf", "\nCFLAGS=\"-O2\n")
            _ = try await machine.withPortage { portage async throws in
                await #expect { try await portage.settings(["EROOT"]) } throws: { error in
                    let message = (error as? PortageError)?.message ?? ""
                    return message.contains("etc/portage/make.conf") && message.contains("No closing quotation")
                }
            }
        }
    }

    @Test func aDamagedPortageIsAnErrorAndNoHang() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("api-damaged") { machine async throws in
            _ = try await machine.run(["rm", "\(machine.prefix)/share/portage/config/make.globals"])
            _ = try await machine.withPortage { portage async throws in
                await #expect { try await portage.bestVisible("lib-demo/alpha") } throws: { error in
                    (error as? PortageError)?.message.contains("make.globals") == true
                }
            }
        }
    }
}
