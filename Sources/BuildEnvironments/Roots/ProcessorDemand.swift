import BinpkgModel
import Posix

/// What compiled code wants of a processor, as far as flags of compilers and USE flags say it.
///
/// A demand is a word: `-march=znver3`, `-mavx2`, `target-cpu=znver3` and `target-feature=+avx2` out of RUSTFLAGS, and
/// `cpu_flags_x86_avx2`. `-mcpu` is taken like `-march`: GCC only tunes by it, other compilers do not. What `-mno-` takes
/// away from it stands behind it: `-march=znver3 -mno-vaes`. Other flags want nothing.
extension Processor {
    /// The demands of flags as a compiler gets them: what is taken back later is none.
    static func demands(in flags: String) -> [String] {
        var result: [String] = []
        var without: [String] = []
        func add(feature name: Substring, _ text: (Substring) -> String) {
            if features[String(name)] != nil { result.append(text(name)) }
        }
        func take(codegen option: Substring) {
            if option.hasPrefix("target-cpu=") {
                result.append(String(option))
            } else if option.hasPrefix("target-feature=") {
                for part in option.dropFirst("target-feature=".count).split(separator: ",") {
                    let text = "target-feature=+\(part.dropFirst())"
                    if part.hasPrefix("-") { result.removeAll { $0 == text } }
                    if part.hasPrefix("+") { add(feature: part.dropFirst()) { _ in text } }
                }
            }
        }
        var isCodegen = false
        for word in flags.split(whereSeparator: { " \n\t".contains($0) }) {
            defer { isCodegen = word == "-C" || word == "--codegen" }
            if isCodegen {
                take(codegen: word)
            } else if word.hasPrefix("-C") {
                take(codegen: word.dropFirst(2))
            } else if word.hasPrefix("--codegen=") {
                take(codegen: word.dropFirst("--codegen=".count))
            } else if word.hasPrefix("-march=") || word.hasPrefix("-mcpu=") {
                result.append(String(word))
            } else if word.hasPrefix("-mno-") {
                let name = String(word.dropFirst("-mno-".count))
                result.removeAll { $0 == "-m\(name)" }
                without.append(name)
            } else if word.hasPrefix("-m") {
                without.removeAll { $0 == word.dropFirst(2) }
                add(feature: word.dropFirst(2)) { "-m\($0)" }
            }
        }
        // Wherever it stands, GCC lets it win over what a processor has.
        return result.map { demand in
            guard demand.hasPrefix("-march=") || demand.hasPrefix("-mcpu=") else { return demand }
            let march = demand.dropFirst(demand.hasPrefix("-mcpu=") ? 6 : 7)
            let taken = without.filter { Self.means(march, anyOf: wanted(byFeature: $0)) }
            return ([demand] + taken.map { "-mno-\($0)" }).joined(separator: " ")
        }
    }

    /// What a feature of a compiler's option means, by the names of `/proc/cpuinfo`; nothing for an unknown one.
    private static func wanted(byFeature name: some StringProtocol) -> Set<String> {
        Set((features[String(name)] ?? "").split(separator: " ").map(String.init))
    }

    /// The demands of USE flags.
    static func demands(ofUse flags: some Sequence<String>) -> [String] { flags.filter { $0.hasPrefix(useMark) } }

    /// The demands of CPU_FLAGS_X86 as it is configured.
    static func demands(ofFlagsVariable value: String) -> [String] {
        value.split(whereSeparator: { " \n\t".contains($0) }).filter { !$0.hasPrefix("-") }.map { useMark + $0 }
    }

    /// Why what has these demands cannot run here, as a sentence; nil when it can.
    ///
    /// - Parameter native: the processor that `native` means; nil when nobody knows.
    func obstacle(to demands: some Collection<String>, native: Processor? = nil) -> String? {
        demands.lazy.compactMap { obstacle(to: $0, native: native) }.first
    }

    private func obstacle(to demand: String, native: Processor?) -> String? {
        for mark in ["-march=", "-mcpu=", "target-cpu="] where demand.hasPrefix(mark) {
            let words = demand.dropFirst(mark.count).split(separator: " ")
            let without = Set(words.dropFirst().flatMap { Self.wanted(byFeature: $0.dropFirst("-mno-".count)) })
            let name = words.first.map(String.init) ?? ""
            return name == "generic" ? nil : obstacle(cpu: name, as: demand, native: native, without: without)
        }
        if demand.hasPrefix(Self.useMark) {
            let name = String(demand.dropFirst(Self.useMark.count))
            // These instructions came with either of two.
            if name == "mmxext", flags.contains("sse") { return nil }
            return lack(
                of: Set((Self.useNames[name] ?? name).split(separator: " ").map(String.init)), for: "USE=\(demand)")
        }
        let name = demand.hasPrefix("-m") ? demand.dropFirst(2) : demand.dropFirst("target-feature=+".count)
        return lack(of: Self.wanted(byFeature: name), for: demand)
    }

    /// These packages with those of their flags that ask for more than this machine's processor has taken away: what is
    /// installed for a build is run there.
    static func runnable(_ packages: [InstalledPackage]) -> [InstalledPackage] {
        guard let own else { return packages }
        return packages.map { own.runnable($0) }
    }

    /// The same for one package and this processor.
    func runnable(_ package: InstalledPackage) -> InstalledPackage {
        var result = package
        result.use.removeAll { obstacle(to: Self.demands(ofUse: [$0])) != nil }
        return result
    }

    // MARK: Names

    private static let useMark = "cpu_flags_x86_"

    /// The flags of CPU_FLAGS_X86 that `/proc/cpuinfo` calls otherwise.
    private static let useNames = [
        "fma3": "fma", "sse3": "pni", "pclmul": "pclmulqdq", "sha": "sha_ni", "padlock": "ace",
    ]

    /// Features as GCC's options and rustc name them (without `-m` and `+`), by the names of `/proc/cpuinfo`.
    private static let features: [String: String] = {
        var result = [
            "sse3": "pni", "sse4": "sse4_1 sse4_2", "sse4.1": "sse4_1", "sse4.2": "sse4_2", "crc32": "sse4_2",
            "avxvnni": "avx_vnni", "avxifma": "avx_ifma", "avxneconvert": "avx_ne_convert",
            "avxvnniint8": "avx_vnni_int8", "avxvnniint16": "avx_vnni_int16", "avx512vbmi2": "avx512_vbmi2",
            "avx512vnni": "avx512_vnni", "avx512bitalg": "avx512_bitalg", "avx512vpopcntdq": "avx512_vpopcntdq",
            "avx512bf16": "avx512_bf16", "avx512fp16": "avx512_fp16", "avx512vp2intersect": "avx512_vp2intersect",
            "avx5124fmaps": "avx512_4fmaps", "avx5124vnniw": "avx512_4vnniw", "sha": "sha_ni", "pclmul": "pclmulqdq",
            "rdrnd": "rdrand", "bmi": "bmi1", "lzcnt": "abm", "prfchw": "3dnowprefetch", "sahf": "lahf_lm",
            "cmpxchg16b": "cx16", "3dnowa": "3dnowext", "amx-tile": "amx_tile", "amx-int8": "amx_int8",
            "amx-bf16": "amx_bf16", "amx-fp16": "amx_fp16", "amx-complex": "amx_complex",
        ]
        let same = """
            3dnow abm adx aes avx avx2 avx512bw avx512cd avx512dq avx512er avx512f avx512ifma avx512pf avx512vbmi avx512vl bmi1
            bmi2 cldemote clflushopt clwb clzero cmpccxadd cx16 enqcmd f16c fma fma4 fsgsbase fxsr gfni lwp mmx movbe
            movdir64b movdiri mwaitx pclmulqdq popcnt rdpid rdrand rdseed rtm serialize sha512 sm3 sm4 sse sse2 sse4a ssse3
            tbm tsxldtrk vaes vpclmulqdq waitpkg wbnoinvd xop xsave xsavec xsaveopt xsaves
            """
        for name in same.split(whereSeparator: { " \n".contains($0) }) { result[String(name)] = String(name) }
        return result
    }()
}
