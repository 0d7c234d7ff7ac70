"""Makes the values beside it: the tiny models of ../families with hooks in plain PyTorch. README.md says what they are.

    python values.py        (torch 2.13, transformers 5.18, safetensors; run in this folder)
"""
import os
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

LAYER = 1
FAMILIES = ["llama", "llama-mha", "llama3-rope", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "phi", "gpt_neox", "bloom", "opt", "gpt2"]


def sites(model, family):
    """Where to find each site of the layer: (module, "out") is the module's output, (module, "in") its input."""
    base = model.base_model
    if family == "opt":
        layer = base.decoder.layers[LAYER]
    else:
        layer = (base.h if hasattr(base, "h") else base.layers)[LAYER]
    out, into = "out", "in"
    found = {"resid.pre": (layer, into), "resid.post": (layer, out)}
    if family in ("gpt2", "bloom"):
        attention = layer.attn if family == "gpt2" else layer.self_attention
        found["attn.qkv"] = (attention.c_attn if family == "gpt2" else attention.query_key_value, out)
        found["attn.out"] = (attention.c_proj if family == "gpt2" else attention.dense, out)
        found["resid.mid"] = (layer.ln_2 if family == "gpt2" else layer.post_attention_layernorm, into)
    elif family == "gpt_neox":
        found["attn.qkv"] = (layer.attention.query_key_value, out)
        found["attn.out"] = (layer.attention.dense, out)
    else:
        attention = layer.self_attn
        if family == "phi3":
            found["attn.qkv"] = (attention.qkv_proj, out)
        else:
            found["attn.q"], found["attn.k"], found["attn.v"] = ((m, out) for m in (attention.q_proj, attention.k_proj, attention.v_proj))
        found["attn.out"] = (next(getattr(attention, n) for n in ("o_proj", "out_proj", "dense") if hasattr(attention, n)), out)
        if family in ("gemma2", "gemma3"):
            found["resid.mid"] = (layer.pre_feedforward_layernorm, into)
        elif family == "opt":
            found["resid.mid"] = (layer.final_layer_norm, into)
        elif family != "phi":  # attention and MLP in parallel: no stream between them
            found["resid.mid"] = (layer.post_attention_layernorm, into)
    found["attn.z"] = (found["attn.out"][0], into)
    mlp = layer if family == "opt" else layer.mlp
    up = {"gpt2": "c_fc", "gpt_neox": "dense_h_to_4h", "bloom": "dense_h_to_4h", "opt": "fc1", "phi": "fc1", "phi3": "gate_up_proj"}.get(family, "up_proj")
    down = {"gpt2": "c_proj", "gpt_neox": "dense_4h_to_h", "bloom": "dense_4h_to_h", "opt": "fc2", "phi": "fc2"}.get(family, "down_proj")
    act = {"gpt2": "act", "gpt_neox": "act", "bloom": "gelu_impl", "opt": "activation_fn", "phi": "activation_fn", "phi3": "activation_fn"}.get(family, "act_fn")
    if hasattr(mlp, "gate_proj"):
        found["mlp.gate"] = (mlp.gate_proj, out)
    found["mlp.gate_up" if family == "phi3" else "mlp.up"] = (getattr(mlp, up), out)
    found["mlp.act"] = (getattr(mlp, act), out)
    found["mlp.neuron"] = (getattr(mlp, down), into)
    found["mlp.down"] = (getattr(mlp, down), out)
    return found


def hook(place, see):
    """Calls `see` with the tensor there; what it changes in place is changed for all that follows, the residual stream included."""
    module, kind = place
    if kind == "in":
        return module.register_forward_pre_hook(
            lambda m, args, kwargs: see(args[0] if args else kwargs["hidden_states"]), with_kwargs=True)
    return module.register_forward_hook(lambda m, args, y: see(y[0] if isinstance(y, tuple) else y))


def rows(x):
    """[tokens, width] of the one text; OPT's MLP has no axis for the batch."""
    return x[0] if x.dim() == 3 else x


def logits(model, ids, place=None, change=None):
    handle = hook(place, change) if place else None
    with torch.no_grad():
        result = model(torch.tensor([ids])).logits[0].float()
    if handle:
        handle.remove()
    return result


def values(family):
    folder = os.path.join("..", "families", family)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    places = sites(model, family)
    with safe_open(os.path.join(folder, "golden.safetensors"), "pt") as golden:
        texts = [golden.get_tensor(f"{i}.ids").tolist() for i in range(4)]
    clean = texts[3]
    corrupted = list(clean)
    for position in (2, 5):
        corrupted[position] = (clean[position] * 7 + 3) % 300 + 10
    answer, other = int(logits(model, clean)[-1].argmax()), 17
    measure = lambda l: (l[-1, answer] - l[-1, other]).item()

    def run(ids, backward=False):
        """Values at every place, and with `backward` their gradients, of one run."""
        seen = {}

        def see(label):
            def look(x):
                seen[label] = x if backward else rows(x.detach().clone())
                if backward:
                    x.retain_grad()
            return look
        handles = [hook(place, see(label)) for label, place in places.items()]
        with torch.set_grad_enabled(backward):
            result = model(torch.tensor([ids]), output_attentions=True)
        for handle in handles:
            handle.remove()
        if backward:
            last = result.logits[0, -1].float()
            (last[answer] - last[other]).backward()
            return {label: rows(x.grad) for label, x in seen.items()}
        seen["attn.probs"] = result.attentions[LAYER][0]
        seen["logits"] = result.logits[0].float()
        return seen

    there, here, gradients = run(clean), run(corrupted), run(corrupted, backward=True)
    data = {"ids.clean": torch.tensor(clean), "ids.corrupted": torch.tensor(corrupted), "measure": torch.tensor([answer, other]),
            "clean": torch.tensor([measure(logits(model, clean))]), "corrupted": torch.tensor([measure(logits(model, corrupted))])}
    for label, x in there.items():
        data["value." + label] = x
    for label, place in places.items():
        patched = []
        for position in range(len(clean)):
            def change(x):
                rows(x)[position] = there[label][position]
            patched.append(measure(logits(model, corrupted, place, change)))
        data["patched." + label] = torch.tensor(patched)
        data["attribution." + label] = gradients[label] * (there[label] - here[label])

    # steering: difference of means of the stream behind the layer
    mean = lambda group: torch.stack([run(ids)["resid.post"].mean(0) for ids in group]).mean(0)
    direction = mean([texts[0], texts[3]]) - mean([texts[1]])

    def steer(x):
        x += 4 * direction
    data["direction"] = direction
    data["steered.logits"] = logits(model, clean, places["resid.post"], steer)
    ids, margin = clean[:5], 1e9
    for _ in range(8):
        best = logits(model, ids, places["resid.post"], steer)[-1].topk(2)
        margin = min(margin, (best.values[0] - best.values[1]).item())
        ids = ids + [int(best.indices[0])]
    data["steered.ids"] = torch.tensor(ids[5:])
    print(f"{family}: sites {sorted(places)}, steered margin {margin:.2g}, clean {data['clean'].item():.4f}, corrupted {data['corrupted'].item():.4f}")
    save_file({name: x.contiguous().clone() for name, x in data.items()}, family + ".safetensors")


for name in FAMILIES:
    values(name)
