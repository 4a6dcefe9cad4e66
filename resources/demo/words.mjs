/** Word lists of the demo: written for it, in everyday English. */
export const rooms = ["kitchen", "bedroom", "hall", "office", "bathroom", "living room", "garage", "nursery", "attic", "garden", "cellar", "dining room"];
export const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tomorrow"];
export const groceries = ["milk", "oat milk", "bread", "rye bread", "eggs", "butter", "apples", "green apples", "bananas", "rice", "brown rice", "pasta",
  "tomatoes", "olive oil", "coffee", "black tea", "sugar", "salt", "flour", "cheese", "blue cheese", "onions", "red onions", "carrots", "potatoes",
  "orange juice", "yoghurt", "honey", "soap", "dish soap", "toilet paper", "light bulbs", "batteries", "cat food", "dog food", "toothpaste",
  "lemons", "garlic", "fresh basil", "chicken", "salmon", "tofu", "beans", "black beans", "chocolate", "dark chocolate", "cereal", "peanut butter",
  "paper towels", "washing powder", "mushrooms", "spinach", "cucumber", "frozen peas", "ice cream", "sparkling water"];
export const music = ["jazz", "soft jazz", "rock", "classic rock", "piano music", "the blues", "folk songs", "dance music", "the morning news", "rain sounds",
  "whale songs", "lullabies", "film music", "opera", "old country", "my workout mix", "the dinner playlist", "bach", "mozart", "chopin",
  "some disco", "summer hits", "guitar music", "the football match", "a bedtime story", "radio four"];
export const chores = ["call mum", "call the dentist", "feed the cat", "feed the fish", "water the plants", "take out the bins", "pay the rent", "pay the phone bill",
  "pick up the kids", "pick up the parcel", "walk the dog", "book a table", "buy a birthday card", "take my pills", "empty the dishwasher",
  "hang up the washing", "renew the passport", "charge the car", "charge the bike", "send the report", "send grandma a photo", "check the oven",
  "turn in the essay", "practise the violin", "return the library books", "defrost the fish", "wash the car", "clean the fridge", "write to Ben",
  "ring aunt Rosa", "meet Sam at the station", "print the tickets", "order more ink", "close the greenhouse", "iron a shirt", "bake a cake"];
export const timerNames = ["pasta", "egg", "laundry", "pizza", "tea", "rice", "oven", "nap", "workout", "bread"];
export const openers = ["please", "could you", "can you", "would you", "hey, can you", "hi, please", "I want you to", "I'd like you to", "go ahead and", "be a dear and", "ok, now", "quick,"];
export const closers = ["please", "thanks", "thank you", "right now", "if you can", "for me", "would you", "when you can", "cheers"];
export const smallTalk = ["what is the capital of France", "tell me a joke", "who won the match last night", "how old are you", "do you like music", "what is love",
  "is it going to rain tomorrow", "how far is the moon", "why is the sky blue", "translate good morning into Spanish", "write me a poem about the sea",
  "what is seven times eight", "who wrote Hamlet", "how do I boil an egg", "am I late", "I love this song", "the kitchen looks nice today", "my sister has a new car",
  "what a long day", "did you sleep well", "are you a robot", "what time is it in Tokyo", "how do you spell necessary", "recommend a good book",
  "my office is too small", "dinner was great", "order me a taxi", "call the police", "send an email to Tom", "book a flight to Rome", "what did I say yesterday",
  "never mind", "forget it", "nothing, sorry", "I was talking to the dog", "good night", "good morning", "hello there", "thank you so much", "you are wonderful",
  "how much is a pound in euros", "read me the news from 1990", "mow the lawn", "paint the fence", "start the car", "lock the neighbour out", "vacuum the moon"];
/** Pieces of people thinking aloud; few words each, so that two rambling rows share no long run of words. */
export const asides = ["it has been a long week", "nobody tells me anything", "the bus was late again", "my brother called this morning", "I walked home in the rain", "we are out of clean cups",
  "the neighbours have a new dog", "the children are at school", "I forgot my umbrella", "the cake was far too sweet", "somebody parked in our space", "the meeting went on for ever",
  "my shoes are still wet", "I never liked that colour", "the post came early today", "the tap is dripping again", "grandma sends her love", "the train was full of people", "I lost my glasses twice",
  "the cat sat on my papers", "we painted half of the wall", "the garden needs some rain", "I could not sleep at all", "the shop had no lemons", "somebody rang the bell", "my phone is nearly empty",
  "the soup was too hot", "they moved the bus stop", "the film had a silly end", "I met an old friend", "the stairs are full of boxes", "it smells of fresh bread", "the window does not close", "my tooth hurts a little"];
export const links = ["and", "and then", "but", "so", "because", "while", "although", "and by the way", "and of course", "just when"];
