import Testbed
import Testing

@testable import BuildEnvironments

/// What is written for Portage's own reader, read by it.
@Suite struct PortageReadsOurValuesTests {
    @Test func everyValueArrivesUnchanged() async throws {
        let pieces = [
            "'", "\"", "\\", "$", "$(id)", "${HOME}", " ", "a", "`", "#", ";", "=", "é", "\\\\", "\\'", "\\\"",
        ]
        let values = (0..<500).map { _ in
            (0..<Int.random(in: 1...6)).map { _ in pieces.randomElement() ?? "" }.joined()
        }
        let text = values.enumerated().map { PortageQuoting.assignment("V\($0)", $1) }.joined()
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("quoting") { machine in
            try machine.write("values.conf", text)
            let script = """
                import sys
                from portage.util import getconfig
                values = getconfig(sys.argv[1], allow_sourcing=True, expand={"HOME": "wrong"})
                sys.stdout.write("".join(values.get(f"V{i}", "absent") + "\\n" for i in range(\(values.count))))
                """
            let output = try await machine.run(["python3", "-c", script, machine.prefix + "/values.conf"])
            #expect(output.succeeded, "\(output.text)")
            let found = output.stdout.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            for (value, arrived) in zip(values, found) { #expect(arrived == value) }
            #expect(found.count == values.count + 1)
        }
    }
}
