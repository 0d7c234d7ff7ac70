#!/usr/bin/env python3
"""Writes a Llama-shaped model folder with random bf16 weights, for whole-pass benchmarks.

    python3 random_model.py CONFIG.json TOKENIZER.json DIR

Needs torch and safetensors. The tokenizer is only copied: benchmarks draw token ids.
"""
import json, pathlib, shutil, sys
import torch
from safetensors.torch import save_file


def main(config, tokenizer, folder):
    c = json.loads(pathlib.Path(config).read_text())
    d, f, heads, kv, hd = (c[k] for k in ('hidden_size', 'intermediate_size', 'num_attention_heads', 'num_key_value_heads', 'head_dim'))
    generator = torch.Generator().manual_seed(0)
    draw = lambda *shape: (torch.randn(*shape, generator=generator) * 0.02).bfloat16()
    one = lambda: torch.ones(d, dtype=torch.bfloat16)
    weights = {'model.embed_tokens.weight': draw(c['vocab_size'], d), 'model.norm.weight': one()}
    shapes = {'self_attn.q_proj': (heads * hd, d), 'self_attn.k_proj': (kv * hd, d), 'self_attn.v_proj': (kv * hd, d),
              'self_attn.o_proj': (d, heads * hd), 'mlp.gate_proj': (f, d), 'mlp.up_proj': (f, d), 'mlp.down_proj': (d, f)}
    for layer in range(c['num_hidden_layers']):
        path = f'model.layers.{layer}.'
        weights |= {path + name + '.weight': draw(*shape) for name, shape in shapes.items()}
        weights |= {path + name + '.weight': one() for name in ('input_layernorm', 'post_attention_layernorm')}
    out = pathlib.Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    save_file(weights, out / 'model.safetensors', {'format': 'pt'})
    shutil.copy(config, out / 'config.json')
    shutil.copy(tokenizer, out / 'tokenizer.json')


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
