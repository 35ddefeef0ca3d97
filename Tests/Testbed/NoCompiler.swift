extension Machine {
    /// Runs a command as on a machine that has no compiler, no linker, no `make` and no headers of the C library: in the
    /// command's mount namespace something else lies in their place.
    public func runWithoutCompiler(
        _ command: [String], environment: [String: String] = [:], timeout: Duration = .seconds(600)
    ) async throws -> Output {
        try await Limiter.emerges.run {
            try await run(withoutCompiler(command), environment: environment, timeout: timeout)
        }
    }

    /// Such a command, for programs that start it themselves.
    public func withoutCompiler(_ command: [String]) -> [String] {
        let script = """
            none=$1/etc/no-compiler
            [[ -e $none ]] || { printf '#!/bin/sh\\necho "no compiler here: $0" >&2\\nexit 127\\n' > "$none"; chmod 755 "$none"; }
            shift
            for tool in /usr/bin/*; do
                case ${tool##*/} in
                    cc|c++|c89|c99|make|gmake|ld|ld.[bgl]*|*-ld|*-ld.[bgl]*|as|*-as|gcc|g++|*gcc-[0-9]*|*g++-[0-9]*|*-gcc|*-g++|clang*|cpp|*-cpp*)
                        mount --bind "$none" "$tool" || exit 125 ;;
                esac
            done
            mount -t tmpfs none /usr/include || exit 125
            exec "$@"
            """
        return ["bash", "-c", script, "no-compiler", prefix] + command
    }
}
