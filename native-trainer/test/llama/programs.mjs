// The two programs that the comparing tests talk to.
import {execFileSync, spawn} from "node:child_process";
import {createInterface} from "node:readline";

// trex(command, request) -> the JSON lines it answers.
export function trexTrain(program) {
    return (command, request) => {
        try {
            const text = execFileSync(program, [command, "-"], {input: JSON.stringify(request), encoding: "utf8", maxBuffer: 1 << 28});
            return text.trim().split("\n").map((line) => JSON.parse(line));
        } catch (error) {
            throw new Error(`trex-train ${command} failed: ${error.stdout?.slice(-500)}`);
        }
    };
}

// llama-peer stays up, so that llama.cpp's back ends are loaded once. ask(request) -> its answer; close() ends it.
export function llamaPeer(program) {
    const child = spawn(program, [], {stdio: ["pipe", "pipe", "inherit"]});
    const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
    return {
        async ask(request) {
            child.stdin.write(JSON.stringify(request) + "\n");
            const {value, done} = await lines.next();
            if (done) throw new Error(`llama-peer ended during ${request.command}`);
            const answer = JSON.parse(value);
            if (!answer.ok) throw new Error(`llama-peer ${request.command}: ${answer.message}`);
            return answer;
        },
        close: () => child.stdin.end()
    };
}

// A byte-level tokenizer of `size` tokens that have no meaning, for models that only ever see ids.
export function plainTokenizer(size, pre) {
    return {
        model: "gpt2", pre,
        tokens: [...Array.from({length: size - 3}, (_, index) => String.fromCodePoint(256 + index)), "<s>", "</s>", "<pad>"],
        merges: [],
        tokenTypes: Array.from({length: size}, (_, index) => (index < size - 3 ? 1 : 3)),
        bosTokenId: size - 3, eosTokenId: size - 2, padTokenId: size - 1, addBosToken: false, addEosToken: false
    };
}
