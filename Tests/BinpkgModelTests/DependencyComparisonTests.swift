import Testing

@testable import BinpkgModel

@Suite struct DependencyComparisonTests {
    private static let gcc13 = InstalledPackage(cpv: "sys-devel/gcc-13.2", slot: "13", use: ["cxx"])
    private static let gcc14 = InstalledPackage(cpv: "sys-devel/gcc-14.1", slot: "14", use: ["cxx"])
    private static let hash = String(repeating: "a", count: 64)

    /// What is wanted, what is there, the class, and the difference.
    private static let toolchains: [([InstalledPackage]?, [InstalledPackage]?, Accuracy, [String])] = [
        ([gcc13], [gcc13], .exact, []), ([gcc13], [gcc14], .abi, ["sys-devel/gcc 13.2 ≠ 14.1"]),
        ([gcc13], [], .abi, ["sys-devel/gcc 13.2 ≠ none"]), ([], [gcc14], .exact, []), (nil, [gcc14], .exact, []),
        ([gcc13], nil, .abi, ["toolchain: it is not known what was used"]), (nil, nil, .exact, []),
        (
            [gcc13], [InstalledPackage(cpv: "sys-devel/gcc-13.2", slot: "13", use: [])], .abi,
            ["sys-devel/gcc 13.2, USE cxx ≠ -cxx"]
        ),
        (
            [InstalledPackage(cpv: "sys-libs/glibc-2.40", slot: "2.2", use: [], content: hash)],
            [InstalledPackage(cpv: "sys-libs/glibc-2.40", slot: "2.2", use: [], content: Samples.hash)], .abi,
            ["sys-libs/glibc 2.40, other content"]
        ),
    ]

    @Test func toolchainsAreComparedForExactOnly() {
        for (wanted, found, accuracy, differences) in Self.toolchains {
            let comparison = DependencyComparison(
                wanted: DependencyVector(packages: [], libc: "", toolchain: wanted),
                found: DependencyVector(packages: [], libc: "", toolchain: found))
            #expect(comparison.accuracy == accuracy, "\(differences)")
            #expect(comparison.differences == differences)
        }
    }

    @Test(
        arguments: [
            (hash, hash, Accuracy.exact, []), (hash, Samples.hash, .abi, ["lib-demo/beta 1.0, other content"]),
            (nil, hash, .exact, []), (hash, nil, .exact, []),
        ] as [(String?, String?, Accuracy, [String])])
    func contentIsComparedForExactOnly(wanted: String?, found: String?, accuracy: Accuracy, lines: [String]) {
        func vector(_ content: String?) -> DependencyVector {
            DependencyVector(
                packages: [InstalledPackage(cpv: "lib-demo/beta-1.0", slot: "0/1", use: [], content: content)], libc: ""
            )
        }
        let comparison = DependencyComparison(wanted: vector(wanted), found: vector(found))
        #expect(comparison.accuracy == accuracy && comparison.differences == lines)
    }

    static let beta = InstalledPackage(cpv: "lib-demo/beta-1.0", slot: "0/1", use: ["ssl"])

    static let cases: [(InstalledPackage?, Accuracy, String?)] = [
        (beta, .exact, nil),
        (
            InstalledPackage(cpv: "lib-demo/beta-1.1", slot: "0/1", use: ["ssl"]), .abi,
            "lib-demo/beta 1.0 ≠ 1.1, same sub-slot"
        ),
        (
            InstalledPackage(cpv: "lib-demo/beta-1.0", slot: "0/1", use: ["doc"]), .abi,
            "lib-demo/beta 1.0, USE -doc ssl ≠ doc -ssl"
        ),
        (
            InstalledPackage(cpv: "lib-demo/beta-1.0", slot: "0/2", use: ["ssl"]), .flags,
            "lib-demo/beta 1.0, sub-slot 1 ≠ 2"
        ),
        (nil, .flags, "lib-demo/beta 1.0 ≠ none in slot 0"),
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
        ("sys-libs/glibc-2.40", "sys-libs/glibc-2.41", nil), ("sys-libs/glibc-2.40_rc1", "sys-libs/glibc-2.40", nil),
        ("sys-libs/glibc-2.40", "sys-libs/glibc-2.40-r1", nil),
        ("sys-libs/glibc-2.40", "sys-libs/glibc-2.40_pre3", .abi),
        ("sys-libs/glibc-2.40", "sys-libs/glibc-2.40-r0", .abi), ("sys-libs/glibc-2.40", "sys-libs/musl-1", nil),
        ("", "sys-libs/glibc-2.40", .flags), ("sys-libs/glibc-2.40", "", .flags),
    ]) func libcMustNotBeNewerOrAnother(wanted: String, found: String, accuracy: Accuracy?) {
        let comparison = DependencyComparison(wanted: [], wantedLibc: wanted, found: [], foundLibc: found)
        #expect(comparison.accuracy == accuracy)
        #expect(comparison.differences.isEmpty == (wanted == found))
    }

    @Test func whatTheAskingMachineLacksIsNoDifference() {
        let comparison = DependencyComparison(wanted: [], wantedLibc: "", found: [Self.beta], foundLibc: "")
        #expect(comparison == DependencyComparison(wanted: [], wantedLibc: "", found: [], foundLibc: ""))
    }

    @Test func differencesOfOnePackageAreOneLine() {
        let comparison = DependencyComparison(
            wanted: [InstalledPackage(cpv: "dev-libs/openssl-3.3.1", slot: "0/3", use: ["asm"])],
            wantedLibc: "sys-libs/glibc-2.40",
            found: [InstalledPackage(cpv: "dev-libs/openssl-4.0.0", slot: "0/4", use: ["ktls"])],
            foundLibc: "sys-libs/glibc-2.41")
        #expect(comparison.accuracy == nil)
        #expect(
            comparison.differences == [
                "dev-libs/openssl 3.3.1 ≠ 4.0.0, sub-slot 3 ≠ 4, USE asm -ktls ≠ -asm ktls",
                "libc: sys-libs/glibc-2.40 ≠ sys-libs/glibc-2.41, which is newer",
            ])
    }

    @Test func answerIsMeasuredByTheWish() {
        let answer = RequestAnswer(id: "x", key: "k", state: .ready, accuracy: .abi)
        #expect(answer.satisfies(.flags) && answer.satisfies(.abi) && !answer.satisfies(.exact))
        #expect(!RequestAnswer(id: "x", key: "k", state: .ready).satisfies(.flags))
    }
}
