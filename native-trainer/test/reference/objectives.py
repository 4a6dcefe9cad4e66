"""What is minimised, each from its formula."""
import torch


def target_log_probabilities(model, document, longest):
    """ln p of every target of a document {"tokens", "train"}, in order of position. Position 0 is never predicted."""
    tokens = document["tokens"]
    targets = [i for begin, end in document["train"] for i in range(max(begin, 1), end)]
    log_p = torch.log_softmax(model.logits(tokens[:-1], longest), dim=-1)
    return log_p[[i - 1 for i in targets], [tokens[i] for i in targets]]


def cross_entropy(model, documents, longest):
    """Mean of -ln p over the targets of all documents together."""
    return -torch.cat([target_log_probabilities(model, d, longest) for d in documents]).mean()


def dpo(chosen, rejected, reference_chosen, reference_rejected, beta):
    """-ln sigmoid(beta * ((chosen - reference) - (rejected - reference))) of one pair; each argument is the sum of a
    completion's log-probabilities (Rafailov et al., arXiv 2305.18290, equation 7)."""
    return -torch.nn.functional.logsigmoid(beta * ((chosen - reference_chosen) - (rejected - reference_rejected)))


def orpo_odds_ratio(chosen_mean, rejected_mean):
    """-ln sigmoid(ln(odds(chosen) / odds(rejected))), odds = P / (1 - P), where ln P is a completion's mean
    log-probability per token (Hong et al., arXiv 2403.07691, equations 3 to 7)."""
    def log_odds(log_p):
        return log_p - torch.log(-torch.expm1(log_p))

    return -torch.nn.functional.logsigmoid(log_odds(chosen_mean) - log_odds(rejected_mean))


def orpo(chosen, rejected, weight):
    """Of a batch of pairs of log-probabilities per token: the supervised loss over all tokens of the chosen
    completions plus `weight` times the mean odds-ratio loss. Returns (total, supervised, odds ratio)."""
    supervised = -torch.cat(chosen).mean()
    ratio = torch.stack([orpo_odds_ratio(c.mean(), r.mean()) for c, r in zip(chosen, rejected)]).mean()
    return supervised + weight * ratio, supervised, ratio
