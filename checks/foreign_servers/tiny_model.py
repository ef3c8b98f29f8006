"""Writes a language model of a few thousand random weights, which talks nonsense in words: a real server loads it."""

import sys

import gguf
import numpy

WIDTH, HEADS, FORWARD, CONTEXT = 32, 2, 64, 1024
WORDS = (
    "the a one two three four five and or but of to in is are you we they good day night book table coffee "
    "please thank hello order small large red blue house street city river word read write speak learn"
).split()


def vocabulary() -> tuple[list[str], list[float], list[int]]:
    """Control tokens, every byte, every letter, and some words with the blank before them."""
    kinds = gguf.TokenType
    tokens = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    tokens += [(f"<0x{byte:02X}>", kinds.BYTE) for byte in range(256)]
    tokens += [("\u2581", kinds.NORMAL)]
    tokens += [(chr(letter), kinds.NORMAL) for letter in range(33, 127)]
    tokens += [(f"\u2581{word}", kinds.NORMAL) for word in WORDS]
    return [text for text, _ in tokens], [-float(place) for place in range(len(tokens))], [int(kind) for _, kind in tokens]


def main(path: str) -> None:
    texts, scores, kinds = vocabulary()
    chance = numpy.random.default_rng(7)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(texts))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(texts)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_chat_template(
        "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}assistant:"
    )

    def weights(*shape: int, scale: float = 0.3) -> numpy.ndarray:
        return (chance.standard_normal(shape) * scale).astype(numpy.float32)

    spoken = weights(len(texts), WIDTH, scale=1.0)
    # Whatever is not a word has nothing to say.
    spoken[: len(texts) - len(WORDS)] = 0.0
    writer.add_tensor("token_embd.weight", weights(len(texts), WIDTH, scale=1.0))
    writer.add_tensor("output.weight", spoken)
    writer.add_tensor("output_norm.weight", numpy.ones(WIDTH, dtype=numpy.float32))
    for name, shape in {
        "attn_q": (WIDTH, WIDTH),
        "attn_k": (WIDTH, WIDTH),
        "attn_v": (WIDTH, WIDTH),
        "attn_output": (WIDTH, WIDTH),
        "ffn_gate": (FORWARD, WIDTH),
        "ffn_up": (FORWARD, WIDTH),
        "ffn_down": (WIDTH, FORWARD),
    }.items():
        writer.add_tensor(f"blk.0.{name}.weight", weights(*shape))
    for name in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.0.{name}.weight", numpy.ones(WIDTH, dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main(sys.argv[1])
