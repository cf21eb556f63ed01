"""Makes a GGUF of all-MiniLM-L6-v2: convert-minilm.py FOLDER OUTPUT. Needs gguf and numpy.

FOLDER holds model.safetensors, config.json and vocab.txt as published. Matrices become F16, the rest stays F32.
The same input gives the same bytes.
"""

import json
import struct
import sys
from pathlib import Path

import gguf
import numpy

folder, output = Path(sys.argv[1]), sys.argv[2]
config = json.loads((folder / "config.json").read_text())
vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
vocabulary = vocabulary[: config["vocab_size"]]
specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ids = {name: vocabulary.index(name) for name in specials}


def piece(token):
    """llama.cpp marks the beginning of a word; WordPiece files mark what goes on inside one."""
    if token in specials:
        return token
    return token[2:] if token.startswith("##") else "\u2581" + token


writer = gguf.GGUFWriter(output, "bert")
writer.add_name("all-MiniLM-L6-v2")
writer.add_type(gguf.GGUFType.MODEL)
writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
writer.add_block_count(config["num_hidden_layers"])
writer.add_context_length(config["max_position_embeddings"])
writer.add_embedding_length(config["hidden_size"])
writer.add_feed_forward_length(config["intermediate_size"])
writer.add_head_count(config["num_attention_heads"])
writer.add_layer_norm_eps(config["layer_norm_eps"])
writer.add_causal_attention(False)
writer.add_pooling_type(gguf.PoolingType.MEAN)
writer.add_tokenizer_model("bert")
writer.add_tokenizer_pre("default")
writer.add_token_type_count(config["type_vocab_size"])
writer.add_token_list([piece(token) for token in vocabulary])
writer.add_token_types(
    [gguf.TokenType.CONTROL if token in specials else gguf.TokenType.NORMAL for token in vocabulary]
)
writer.add_bos_token_id(ids["[CLS]"])
writer.add_eos_token_id(ids["[SEP]"])
writer.add_sep_token_id(ids["[SEP]"])
writer.add_unk_token_id(ids["[UNK]"])
writer.add_pad_token_id(ids["[PAD]"])
writer.add_mask_token_id(ids["[MASK]"])

names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, config["num_hidden_layers"])
with open(folder / "model.safetensors", "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
    start = 8 + length
    for name, entry in sorted(header.items()):
        # The pooler is not used for sentence embeddings, and positions are counted anyway.
        if name == "__metadata__" or name.startswith("pooler.") or name.endswith("position_ids"):
            continue
        if entry["dtype"] != "F32":
            raise ValueError(f"{name} is {entry['dtype']}")
        file.seek(start + entry["data_offsets"][0])
        data = numpy.frombuffer(
            file.read(entry["data_offsets"][1] - entry["data_offsets"][0]), dtype=numpy.float32
        ).reshape(entry["shape"])
        target = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if target is None:
            raise ValueError(f"no place for {name}")
        is_matrix = data.ndim == 2 and not target.startswith(("position_embd", "token_types"))
        writer.add_tensor(target, data.astype(numpy.float16) if is_matrix else data)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
