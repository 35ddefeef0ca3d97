import PortageAPI
import Testbed
import Testing

/// What Portage says of a list that is planned.
@Suite struct MergePlanTests {
    @Test func whatIsSaidOfEachPackage() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("api-plan") { machine async throws in
            try machine.addRepository("own", categories: [OddEbuilds.category], ebuilds: OddEbuilds.all)
            try machine.write("etc/portage/env/off.conf", "BINPKG_POLICY=\"off\"\nBINPKG_NEVER=\"\"\n")
            try machine.write("etc/portage/package.env", "app-own/plain off.conf\n")
            let names = ["live", "closed", "module", "plain", "meta"]
            let plan = try await machine.withPortage { portage async throws in
                try await portage.plan(
                    ["-1"] + names.map { "app-own/\($0)" },
                    variables: ["CFLAGS", "BINPKG_POLICY", "BINPKG_NEVER", "BINPKG_SERVICE"])
            }
            #expect(plan.isSolved, "\(plan.messages)")
            let packages = Dictionary(uniqueKeysWithValues: plan.packages.map { ($0.cpv, $0) })
            let live = try #require(packages["app-own/live-1.0"])
            // Without a phase and without SRC_URI, and a compiler is needed all the same.
            #expect(live.isCompiled && live.kind == .binary && live.properties == ["live"])
            let closed = try #require(packages["app-own/closed-1.0"])
            #expect(closed.isCompiled && closed.inputs?.restrict == ["bindist"] && closed.properties.isEmpty)
            #expect(closed.inputs?.variables["BINPKG_POLICY"] == nil)
            let module = try #require(packages["app-own/module-1.0"])
            #expect(module.isCompiled && module.inherited == ["linux-mod-r1"])
            let plain = try #require(packages["app-own/plain-1.0"])
            #expect(plain.isCompiled && plain.inherited.isEmpty)
            #expect(plain.inputs?.variables["BINPKG_POLICY"] == "off")
            #expect(plain.inputs?.variables["BINPKG_NEVER"] == "")
            let meta = try #require(packages["app-own/meta-1.0"])
            #expect(!meta.isCompiled && meta.kind == .ebuild && meta.inputs == nil)
        }
    }
}
