// Embeddings that every layer has of its own (Gemma 3n and 4). T tokens, C width, P width of these embeddings, L
// layers.
//
//   inputs = (norm(Wmodel x / sqrt(C)) + sqrt(P) table[tokens]) / sqrt(2)         [T, L P], x the embedded tokens
//   x_out = block_out + norm(Wproj (gelu(Wgate block_out) * inputs of the layer))  [T, C]
//
// A LoRA may change Wgate and Wproj, as in llama.cpp. The table, Wmodel and its norm are frozen then; full training
// trains all of them.
#pragma once

#include "model/pass.h"

namespace trex {

// Every layer's inputs, from x [T, C]: the embedded tokens, scaled and with their noise.
void per_layer_inputs_forward(const Pass &pass, const PerLayerEmbedding &weights, Matrix x);

// The same backwards, after all layers: adds to work.dx and to the gradients of `weights`.
void per_layer_inputs_backward(const Pass &pass, const PerLayerEmbedding &weights, Matrix x);

// block_out -> x_out; x_out may be scratch when only what the backward pass needs is wanted.
void per_layer_embedding_forward(const LayerPass &layer, Matrix x_out);

// work.dx holds d(x_out) on entry and d(block_out) on return. The layer's inputs become their own gradient.
void per_layer_embedding_backward(const LayerPass &layer);

} // namespace trex
