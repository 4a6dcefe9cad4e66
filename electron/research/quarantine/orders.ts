/**
 * Sentences that speak to a machine, or of this program's own affairs. They are no claims, whatever numbers they hold: a
 * paper reports, it does not order. A rule like this can be written around; what bounds the harm is that nothing but typed
 * numbers leaves the document, each with a wide spread. This keeps the plain attempts out.
 */
const speaksToMachine: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|overrid\w*|bypass|discard)\b.{0,60}\b(?:instruction|prompt|rule|message|guideline|context|polic|order|command|previous|prior|above|earlier|everything|anything|constraint)/isu,
  /\b(?:new|updated|following|hidden|secret|real|actual|next)\s+(?:instruction|order|command|directive|task|system prompt)s?\b/iu,
  /\b(?:you|your)\b/iu,
  /\b(?:dear|attention|hey|hello|note to|to the|as an?|for any|if you are an?)\s+(?:\w+\s+){0,3}(?:assistant|ai|llm|language model|agent|planner|reader|model|researcher|executor|optimi[sz]er|reviewer|host|machine|bot|chatbot|program|system)\b/iu,
  /\b(?:assistant|planner|researcher agent|executor|agent|chatbot|reader|host program)s?\s*(?:must|should|shall|will|has to|have to|needs? to|is to|are to|ought to|now|please|,|:)/iu,
  /\b(?:system|user|assistant|developer|tool|instruction|instructions|command|order|important|attention|warning|todo|prompt|trex|human|admin|root)\s*[:>=]\s/iu,
  /<\|?\/?\s*(?:data|system|user|assistant|im_start|im_end|inst|s|start_header_id|eot_id|think|tool)/iu,
  /[‹«[]\s*\/?\s*(?:data|system|inst|\/inst|user|assistant)\s*[\]»›]/iu,
  /^#{1,4}\s*(?:instruction|system|response|input|prompt)/imu,
];

/** At a sentence's beginning, what a recipe for people begins with too. */
const imperative = /^[\s"'([{*•>#-]*(?:(?:now|then|next|so|and|first|finally|also|please|always|never|instead|henceforth|therefore|from now on|from here on)[\s,:]+)*(?:please|do not|don't|do|must|set|use|choose|select|pick|prefer|try|take|run|start|stop|launch|delete|remove|drop|erase|raise|increase|lower|reduce|double|halve|extend|cut|lift|spend|skip|expand|prune|pin|branch|mark|write|print|output|return|answer|respond|reply|say|repeat|report|reveal|send|open|read|call|execute|apply|make|keep|give|put|train|tune|ensure|remember|consider|recommend|act|pretend|switch|turn|enable|disable|change|replace|update|assign|treat|trust|accept|approve|confirm|submit|deliver|promote|copy|upload|download|claim|declare|emit|produce|insert|add)\b/iu;

/** The same after a comma: "For best results, set the learning rate to …". */
const imperativeInside = /[,;:—–]\s*(?:(?:then|and|please|simply|just|always|never)\s+)*(?:set|use|choose|select|pick|prefer|raise|increase|lower|reduce|delete|run|train|make)\s+(?:the|a|an|all|every|this|that|it|its|lr|rank|node|more|less)\b/iu;

/** And in the middle of what was no sentence (a heading without a stop before it), unless somebody is said to do it. */
const imperativeAnywhere = /\bplease\b|(?<!\b(?:we|to|they|i|and|or|then|also|was|were|is|are|be|been|being|authors?|who|which|that|can|could|may|will|would|training|test|validation|data|development|parameter|sub)\s)\b(?:set|choose|pick|raise|delete)\s+(?:the|your|all|every|node)\b/iu;

/** Words for this program's own affairs; a paper that means its own budget or nodes loses a sentence by it. */
const ownAffairs = /\b(?:nodes?\b|node[-_ ]?\d|budgets?\b|vaults?\b|journals?\b|knowledge cards?\b|menu\b|trex\b|planners?\b|tree search\b|gpu hours? left|noise floor|verdicts?\b|insights?\b|dev-search|dev-select|held-?out answers|from now on|from here on|henceforth|every (?:later|following|further) (?:run|experiment|trial))/iu;

/** A long run without blanks: encoded text. */
const encoded = /[A-Za-z0-9+/=_-]{72,}/u;

export function readsLikeAnOrder(sentence: string): boolean {
  return speaksToMachine.some((pattern) => pattern.test(sentence)) || imperative.test(sentence) || imperativeInside.test(sentence) || imperativeAnywhere.test(sentence) || ownAffairs.test(sentence) || encoded.test(sentence);
}
