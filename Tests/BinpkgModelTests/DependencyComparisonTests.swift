import Testing

@testable import BinpkgModel

@Suite struct DependencyComparisonTests {
    static let beta = InstalledPackage(cpv: "lib-demo/beta-1.0", slot: "0/1", use: ["ssl"])

    static let cases: [(InstalledPackage?, Accuracy, String?)] = [
        (beta, .exact, nil),
        (
            InstalledPackage(cpv: "lib-demo/beta-1.1", slot: "0/1", use: ["ssl"]), .abi,
            "lib-demo/beta-1.0: here lib-demo/beta-1.1"
        ),
        (
            InstalledPackage(cpv: "lib-demo/beta-1.0", slot: "0/1", use: ["doc"]), .abi,
            "lib-demo/beta-1.0: USE here +doc -ssl"
        ),
        (
            InstalledPackage(cpv: "lib-demo/beta-1.0", slot: "0/2", use: ["ssl"]), .flags,
            "lib-demo/beta-1.0: sub-slot 1, here 2"
        ),
        (nil, .flags, "lib-demo/beta-1.0: nothing in slot 0 here"),
    ]

    @Test(arguments: cases.indices) func classIsTheBestThatHolds(index: Int) {
        let (found, accuracy, line) = Self.cases[index]
        let comparison = DependencyComparison(
            wanted: [Self.beta], wantedLibc: "", found: found.map { [$0] } ?? [], foundLibc: "")
        #expect(comparison.accuracy == accuracy)
        #expect(comparison.differences == (line.map { [$0] } ?? []))
    }

    @Test(arguments: [
        ("sys-libs/glibc-2.40", "sys-libs/glibc-2.40", Accuracy.exact),
        ("sys-libs/glibc-2.40", "sys-libs/glibc-2.9", .abi),
        ("sys-libs/glibc-2.40", "sys-libs/glibc-2.41", nil), ("sys-libs/glibc-2.40", "sys-libs/musl-1", .flags),
        ("", "sys-libs/glibc-2.40", .flags),
    ]) func libcMustNotBeNewer(wanted: String, found: String, accuracy: Accuracy?) {
        let comparison = DependencyComparison(wanted: [], wantedLibc: wanted, found: [], foundLibc: found)
        #expect(comparison.accuracy == accuracy)
        #expect(comparison.differences.isEmpty == (wanted == found))
    }

    @Test func whatTheAskingMachineLacksIsNoDifference() {
        let comparison = DependencyComparison(wanted: [], wantedLibc: "", found: [Self.beta], foundLibc: "")
        #expect(comparison == DependencyComparison(wanted: [], wantedLibc: "", found: [], foundLibc: ""))
    }

    @Test func answerIsMeasuredByTheWish() {
        let answer = RequestAnswer(id: "x", state: .ready, accuracy: .abi)
        #expect(answer.satisfies(.flags) && answer.satisfies(.abi) && !answer.satisfies(.exact))
        #expect(!RequestAnswer(id: "x", state: .ready).satisfies(.flags))
    }
}
