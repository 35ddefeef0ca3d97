import Glibc
import Posix

/// A processor, as far as it limits what can run on it.
struct Processor: Equatable, Sendable {
    /// What it can do, by the names of `/proc/cpuinfo`.
    let flags: Set<String>

    /// This machine's; nil when it is not of the x86 family, where no more than CHOST is compared.
    static let own = (try? Files.readText("/proc/cpuinfo", limit: 64 << 20)).flatMap { Processor(cpuinfo: $0) }

    /// Reads `/proc/cpuinfo`; nil when it names no flags as an x86 processor does.
    init?(cpuinfo text: String) {
        let line = text.split(separator: "\n").first { $0.hasPrefix("flags") && $0.contains(":") }
        guard let list = line?.split(separator: ":", maxSplits: 1).last else { return nil }
        flags = Set(list.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init))
    }

    /// The processor that a `-march` of GCC means; nil for an unknown name.
    init?(march: String) {
        guard let flags = Self.flags(of: march) else { return nil }
        self.flags = flags
    }

    /// Why code for a processor cannot run here, as a sentence; nil when it can.
    ///
    /// - Parameters:
    ///   - name: the processor as `-march` names it.
    ///   - demand: the flag that asks for it.
    ///   - native: the processor that `native` means; nil when nobody knows.
    ///   - without: what is not used of it.
    func obstacle(
        cpu name: String, as demand: String, native: Processor?, without: Set<String> = []
    ) -> String? {
        let wanted: Set<String>
        if name == "native" {
            guard let native else { return "nobody knows which processor \(demand) means there" }
            // Of all that a processor can do, only what compilers use.
            wanted = native.flags.intersection(Self.used)
        } else {
            guard let flags = Self.flags(of: name) else {
                return "it is not known whether this machine's processor runs code for \(demand.printable)"
            }
            wanted = flags
        }
        return lack(of: wanted.subtracting(without), for: demand)
    }

    /// Whether a `-march` of this name means any of these; so it is for a name that says nothing by itself.
    static func means(_ march: some StringProtocol, anyOf wanted: Set<String>) -> Bool {
        flags(of: String(march)).map { !$0.isDisjoint(with: wanted) } ?? true
    }

    /// Why code with a demand cannot run here; nil when this processor has all that is wanted.
    func lack(of wanted: Set<String>, for demand: String) -> String? {
        let missing = wanted.subtracting(flags).sorted()
        guard !missing.isEmpty else { return nil }
        let list = missing.prefix(5).joined(separator: " ") + (missing.count > 5 ? " …" : "")
        return "this machine's processor does not run code for \(demand): it has no \(list)"
    }

    /// Whether it runs programs of this CHOST.
    static func runs(_ chost: String) -> Bool {
        var names = utsname()
        guard uname(&names) == 0 else { return true }
        let machine = withUnsafeBytes(of: names.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return runs(chost, on: machine)
    }

    /// The same for another machine, as `uname -m` names it.
    static func runs(_ chost: String, on machine: String) -> Bool {
        func family(_ name: Substring) -> Substring {
            name.count == 4 && name.hasPrefix("i") && name.hasSuffix("86") ? "i686" : name
        }
        let wanted = family(chost.prefix { $0 != "-" })
        let own = family(machine[...])
        return wanted == own || (own == "x86_64" && wanted == "i686")
            || (own.hasPrefix("arm") && wanted.hasPrefix("arm"))
            || (own == "ppc64le" && wanted == "powerpc64le") || (own == "ppc64" && wanted == "powerpc64")
    }

    // MARK: Names of -march

    /// What compilers use of a processor. The levels are those of the x86-64 psABI.
    private static func flags(of march: String) -> Set<String>? {
        guard let (base, more) = definitions[march] else { return nil }
        let below = base.isEmpty ? [] : flags(of: base) ?? []
        return below.union(more.split(separator: " ").map(String.init))
    }

    /// All that any name means.
    private static let used = definitions.keys.reduce(into: Set<String>()) { $0.formUnion(flags(of: $1) ?? []) }

    /// By name: another name, and what it has beyond that.
    private static let definitions: [String: (base: String, more: String)] = [
        "i486": ("", "fpu"), "i586": ("i486", "cx8"), "i686": ("i586", "cmov"),
        "pentium4": ("i686", "mmx fxsr sse sse2"),
        "x86-64": ("", "lm cmov cx8 fpu fxsr mmx syscall sse sse2"),
        "x86-64-v2": ("x86-64", "cx16 lahf_lm popcnt pni ssse3 sse4_1 sse4_2"),
        "x86-64-v3": ("x86-64-v2", "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"),
        "x86-64-v4": ("x86-64-v3", "avx512f avx512bw avx512cd avx512dq avx512vl"),
        "nocona": ("x86-64", "cx16 pni"), "core2": ("nocona", "ssse3 lahf_lm"), "bonnell": ("core2", "movbe"),
        "atom": ("bonnell", ""), "nehalem": ("x86-64-v2", ""), "corei7": ("nehalem", ""),
        "westmere": ("nehalem", "pclmulqdq"), "silvermont": ("westmere", "movbe rdrand"),
        "goldmont": ("silvermont", "aes sha_ni rdseed xsave xsavec xsaveopt"), "goldmont-plus": ("goldmont", "rdpid"),
        "tremont": ("goldmont-plus", "gfni clwb"), "sandybridge": ("westmere", "avx aes xsave xsaveopt"),
        "corei7-avx": ("sandybridge", ""), "ivybridge": ("sandybridge", "f16c rdrand"),
        "core-avx-i": ("ivybridge", ""), "haswell": ("ivybridge", "avx2 bmi1 bmi2 fma abm movbe"),
        "core-avx2": ("haswell", ""), "broadwell": ("haswell", "adx rdseed"), "skylake": ("broadwell", "xsavec"),
        "skylake-avx512": ("skylake", "avx512f avx512bw avx512cd avx512dq avx512vl clwb"),
        "cascadelake": ("skylake-avx512", "avx512_vnni"), "cooperlake": ("cascadelake", "avx512_bf16"),
        "icelake-client": (
            "skylake",
            "avx512f avx512bw avx512cd avx512dq avx512vl avx512ifma avx512vbmi avx512_vbmi2 avx512_vnni avx512_bitalg "
                + "avx512_vpopcntdq gfni vaes vpclmulqdq sha_ni rdpid"
        ),
        "icelake-server": ("icelake-client", "clwb"), "rocketlake": ("icelake-client", ""),
        "tigerlake": ("icelake-client", "clwb avx512_vp2intersect movdiri"),
        "sapphirerapids": ("icelake-server", "avx_vnni avx512_bf16 avx512_fp16 amx_tile amx_int8 amx_bf16 movdiri"),
        "emeraldrapids": ("sapphirerapids", ""), "graniterapids": ("sapphirerapids", "amx_fp16"),
        "alderlake": ("skylake", "sha_ni gfni vaes vpclmulqdq rdpid clwb avx_vnni movdiri serialize"),
        "raptorlake": ("alderlake", ""), "gracemont": ("alderlake", ""),
        "arrowlake": ("alderlake", "avx_ifma avx_ne_convert avx_vnni_int8"),
        "lunarlake": ("arrowlake", "sha512 sm3 sm4"),
        "k8": ("x86-64", ""), "opteron": ("k8", ""), "athlon64": ("k8", ""), "athlon-fx": ("k8", ""),
        "k8-sse3": ("k8", "pni"), "opteron-sse3": ("k8-sse3", ""), "athlon64-sse3": ("k8-sse3", ""),
        "amdfam10": ("k8-sse3", "cx16 popcnt abm sse4a lahf_lm"), "barcelona": ("amdfam10", ""),
        "btver1": ("amdfam10", "ssse3"), "btver2": ("btver1", "sse4_1 sse4_2 avx aes pclmulqdq bmi1 f16c movbe xsave"),
        "bdver1": ("x86-64-v2", "avx aes pclmulqdq abm sse4a fma4 xop xsave"),
        "bdver2": ("bdver1", "bmi1 f16c fma tbm"), "bdver3": ("bdver2", "xsaveopt"),
        "bdver4": ("bdver3", "avx2 bmi2 movbe rdrand"),
        "znver1": ("x86-64-v3", "aes pclmulqdq adx rdseed rdrand sha_ni sse4a xsavec xsaveopt"),
        "znver2": ("znver1", "clwb rdpid"), "znver3": ("znver2", "vaes vpclmulqdq"),
        "znver4": (
            "znver3",
            "avx512f avx512bw avx512cd avx512dq avx512vl avx512ifma avx512vbmi avx512_vbmi2 avx512_vnni avx512_bitalg "
                + "avx512_bf16 avx512_vpopcntdq gfni"
        ),
        "znver5": ("znver4", "avx_vnni movdiri avx512_vp2intersect"),
    ]
}
