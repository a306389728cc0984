#include "corpus_rules.h"

namespace gerbil::testing {
namespace {

constexpr CorpusRule kRules[] = {
    // English.
    {"noun", ' ',
     "river engine window tokenizer gardener mountain letter harbour violin kettle server "
     "photograph neighbour staircase committee lantern bicycle orchard thermometer paragraph "
     "blacksmith algorithm sandwich umbrella telescope grandmother wavelength cathedral "
     "misunderstanding hedgehog newspaper rhythm queue naïveté café zeitgeist"},
    {"adjective", ' ',
     "quiet crooked electric enormous half-finished pale stubborn unlikely transparent muddy "
     "eighteenth-century cheerful incomprehensible narrow self-taught grey sudden well-known"},
    {"verb", ' ',
     "carries follows paints measures forgets answers repairs counts describes abandons rewrites "
     "outlives interrupts weighs translates overhears reorganises doesn't won't can't"},
    {"adverb", ' ', "slowly rarely again twice deliberately almost never upstairs nowadays"},
    {"name", ' ', "Anna Björn Chloé Dmitri Eoin Fatima Günther Haruki Íñigo José O'Brien Zoë"},
    {"short", ' ', "'s 'S 't 'T 're 'RE 've 'VE 'm 'M 'll 'LL 'd 'D ’s ’ll 'ſ 'x ' 'sa 'Lland"},
    {"clause", '\n', R"(the @adjective@ @noun@ @verb@ a @noun@
@name@ @adverb@ @verb@ the @noun@ of the @noun@
every @noun@ @verb@ @adverb@
@name@@short@ @noun@ @verb@ @int@ @noun@s
it@short@ @adverb@ the @adjective@, @adjective@ @noun@)"},
    {"sentence", '\n', R"(@clause@.
@clause@, but @clause@.
@clause@ (@clause@)!
“@clause@?” asked @name@.
@clause@; @clause@ – or so @name@ says…
NOTE: @clause@ @@ @int@:@d@@d@ — see “@noun@”.
@clause@ at @float@ °C, i.e. @int@%, which cost $@int@.@d@@d@ / €@int@,@d@@d@.)"},
    {"paragraph", '\n', R"(@sentence@ @sentence@@n@
@sentence@ @sentence@ @sentence@@n@@n@
@sentence@  @sentence@ @sentence@ @sentence@@n@@n@
    @sentence@@n@)"},

    // Code.
    {"stem", ' ',
     "count index buffer name node left right value size offset parse emit total key item state "
     "cache next prev tmp i j x err ctx self XMLHttp URL id utf8 max"},
    {"id", '\n', R"(@stem@
@stem@_@stem@
@stem@@Stem@
@stem@@d@
_@stem@
k@Stem@@Stem@)"},
    {"Stem", ' ', "Count Index Buffer Name Node Value Size Map List Error Factory View"},
    {"type", '\n', R"(int
std::string
const auto&
uint32_t
std::vector<@type@>
std::unordered_map<std::string, @type@>
@Stem@*)"},
    {"expr", '\n', R"(@id@
@int@
@id@ + @int@
@id@[@expr@]
@id@(@expr@, @expr@)
(@expr@ << @d@) | 0x@hex@
@id@.@id@ != nullptr && !@id@->@id@()
@float@f * @expr@
"@noun@\t%d\n")"},
    {"cpp", '\n', R"(  @type@ @id@ = @expr@;@n@
  if (@expr@) {@n@    return @expr@;@n@  } else {@n@    @id@ -= @expr@;@n@  }@n@
  for (size_t @id@ = 0; @id@ < @expr@; ++@id@) @id@.push_back(@expr@);@n@@n@
// @sentence@@n@
template <typename T>@n@static @type@ @id@(T @id@, @type@ @id@) {@n@@cpp@@cpp@}@n@@n@
#include <@stem@/@stem@.h>@n@
/* @clause@@n@ * @clause@ */@n@)"},
    {"python", '\n', R"(@t@@id@ = @expr@@n@
def @id@(self, @id@: int = @int@, *args, **kwargs) -> str:@n@    """@sentence@"""@n@@python@@python@    return f"{@id@!r:>@d@}"@n@@n@
        for @id@, @id@ in enumerate(@id@[::-1]):@n@            print(@expr@, end="")@n@
    @@property@n@    async def @id@(self): return await self.@id@.@id@()@n@
if __name__ == "__main__":@n@    sys.exit(@id@(@int@))@n@
    # @clause@@n@
    @id@ = [@id@ ** 2 for @id@ in range(@int@) if @id@ % 2 == 0]@n@@n@@n@)"},
    {"script", '\n', R"(const @id@ = (@id@, {@id@ = @int@}) => `${@id@}-@noun@`;@n@
fn @id@<'a>(@id@: &'a mut [u8; @int@]) -> Result<(), Box<dyn Error>> { @id@?; Ok(()) }@n@
SELECT t.@id@, COUNT(*) AS "@noun@" FROM @id@ t LEFT JOIN @id@ ON t.id = @int@ WHERE @id@ LIKE '%@noun@%';@n@
for f in *.@stem@; do sed -i 's/@noun@/@noun@/g' "$f" && echo "${f%.*}: $?" >> /var/log/@id@.log; done@n@
.@stem@-@stem@ > a:hover::before { margin: -@d@px auto @d@.@d@em; color: #@hex@; }@n@
@t@mov@t@rax, qword ptr [rbp - 0x@hex@]@n@
@d@@d@@d@@d@-@d@@d@-@d@@d@T@d@@d@:@d@@d@:@d@@d@.@d@@d@@d@Z [WARN] @id@.@id@: @clause@ (0x@hex@)@n@
$ git rebase -i HEAD~@d@  # @clause@@n@
[@Stem@]@n@@id@ = "@noun@"@n@@id@ = [ @int@, @int@ ]@n@)"},
    {"json", '\n', R"("@noun@"
@float@
null
[@json@, @json@, @json@]
{"@id@": @json@, "@id@": @json@}
{@n@  "@id@": @json@,@n@  "@id@": "\u00@d@@d@ \"@clause@\" \\n"@n@})"},
    {"markup", '\n', R"(<p class="@stem@ @stem@">@sentence@</p>@n@
<div id='@id@'>@n@@t@<a href="https://example.org/@stem@/@int@?@id@=@noun@&amp;x=%20#@id@">@noun@</a><br/>@n@@markup@</div>@n@
<?xml version="1.0" encoding="UTF-8"?>@n@<!-- @clause@ -->@n@<@stem@ xmlns:x="urn:@id@"><x:@stem@>@int@</x:@stem@></@stem@>@n@
@d@. **@noun@** and *@adjective@ @noun@*, `@id@()`; see [@noun@](@id@.md).@n@
## @clause@@n@@n@- [ ] @clause@@n@- [x] ~~@clause@~~@n@
```cpp@n@@cpp@```@n@@n@
| @noun@ | @noun@ |@n@| :--- | ---: |@n@| @int@ | @float@ |@n@@n@
\begin{equation}@n@  \sum_{@id@=0}^{@int@} \frac{\partial f}{\partial x_{@d@}} \leq \sqrt{@float@} \label{eq:@stem@}@n@\end{equation}@n@
$$\alpha_@d@ \cdot \mathbb{R}^{@int@}$$ where $\hat{x} \in [@d@, @d@)$.@n@
@name@,@int@,"@noun@, @noun@",@float@,,TRUE@n@
key: &anchor@n@  - @noun@: !!str @int@@n@  - *anchor@n@)"},

    // Numbers.
    {"number", '\n', R"(@int@
-@int@
@float@
@float@e-@d@
1,@d@@d@@d@,@d@@d@@d@.@d@
1.@d@@d@@d@.@d@@d@@d@,@d@
@d@@d@@d@@d@@d@@d@@d@@d@@d@@d@@d@@d@@d@@d@@d@@d@@d@@d@@d@@d@
0x@hex@@hex@
@d@@d@:@d@@d@
@d@@d@/@d@@d@/20@d@@d@
+@d@@d@ (@d@@d@@d@) @d@@d@@d@-@d@@d@
@d@@d@@d@.@d@.@d@@d@.@d@
@d@½ @d@¾ @d@² x³ ₀₁₂ Ⅳ ⅷ Ⅻ ①② ⑳ ㊿ ㉈
１２３４５ ٠١٢٣٤٥٦٧٨٩ ۴۵۶ ०१२३ ৪৫৬ ௧௨௩ ๑๒๓ ០១២ 〇一二三四五 𝟎𝟏𝟐 𝟙𝟚 𞥐𞥑
@d@^@d@ = @int@ × @int@ ÷ @d@ ± √@d@
@int@th 1st 2nd 3rd 1er 2ème
v@d@.@d@.@d@-rc.@d@+@hex@)"},

    // Emoji.
    {"face", ' ', "😀 😂 🥹 😎 🤖 👻 🦔 🐹 🌍 🍕 🚀 🎉 ❤ ☀ ⚡ ✂ ☎ ♻ 🫠 🪿 🩷"},
    {"hand", ' ', "👍 👋 🙏 💪 🤝 ✌ ☝ 🫶 👩 🧑 🕵 🏃 🧜 👶"},
    {"tone", ' ', "🏻 🏼 🏽 🏾 🏿"},
    {"letter", ' ', "🇦 🇧 🇨 🇩 🇪 🇫 🇬 🇯 🇰 🇵 🇷 🇸 🇺 🇿"},
    {"emoji", '\n', R"(@face@
@face@️
@hand@@tone@
@hand@@tone@‍💻
👩‍👩‍👧‍👦
👨@tone@‍❤️‍💋‍👨@tone@
🏳️‍🌈
🏴‍☠️
🏴󠁧󠁢󠁥󠁮󠁧󠁿
@letter@@letter@
@letter@
@d@️⃣
#️⃣
🧔🏾‍♂️
🏃‍♀️‍➡️
@face@︎
@tone@
@face@‍)"},

    // Special tokens of the vocabularies that are compared, and texts that nearly are.
    {"special", '\n', R"(<|im_start|>
<|im_end|>
<|endoftext|>
<|vision_start|><|image_pad|><|vision_end|>
<think>
</think>
<tool_call>
</tool_call>
<tool_response>
<|fim_prefix|>
<bos>
<eos>
<pad>
<unk>
<start_of_turn>
<end_of_turn>
<start_of_image>
<unused@d@@d@>
<mask>
[multimodal]
<table>
</table>
<td>
<h1>
</ul>
<s>
<0x0A>
<|im_start
|im_end|>
< |im_end|>
<|im_end|
<|IM_END|>
<<|im_end|>>
<|im_end|><|im_start|>
<think
</ think>
<end_of_turn
▁
▁▁▁
Ġ)"},
    {"turn", '\n',
     R"(<|im_start|>user@n@@sentence@<|im_end|>@n@<|im_start|>assistant@n@<think>@n@@clause@@n@</think>@n@@n@@sentence@<|im_end|>@n@
<start_of_turn>user@n@@sentence@<end_of_turn>@n@<start_of_turn>model@n@@sentence@<end_of_turn>@n@
<tool_call>@n@{"name": "@id@", "arguments": @json@}@n@</tool_call>
@special@@special@ @special@  @special@@n@@special@
@noun@@special@@noun@ @special@@short@ @special@@int@@special@
@special@)"},

    // White space: all of it, and what only looks like it.
    {"space", '\n', R"( 
  
   
        
@t@
@t@@t@@t@
@n@
@n@@n@
@r@@n@
@r@
@n@   @n@
@t@@n@ @t@
 @n@
@u00A0@
@u0085@
@u000B@@u000C@
@u1680@
@u2000@@u2001@@u2002@@u2003@@u2004@@u2005@
@u2006@@u2007@@u2008@@u2009@@u200A@
@u2028@
@u2029@
@u202F@@u205F@
@u3000@
@u180E@
@u200B@
@uFEFF@
@u2060@@u00AD@
@u001C@@u001D@@u001E@@u001F@
@u0000@)"},
    {"spaced", '\n', R"(@noun@@space@
@space@@space@
@int@@space@
.@space@
@space@@noun@@short@@space@@space@
@space@@space@@space@@space@@space@)"},

    // Languages: words of each.
    {"german", ' ',
     "der die das und nicht Straße Übung größer schließlich Geschwindigkeitsbegrenzung läuft "
     "zwölf Bücher über Fräulein Äpfel ich möchte wissen ob Donaudampfschifffahrt"},
    {"french", ' ',
     "le la les été où déjà l'œuvre qu'il français garçon très bientôt cœur aujourd'hui ça "
     "naïf élève château n'est-ce pas être Noël"},
    {"spanish", ' ', "el niño mañana ¿qué ¡hola corazón también años señor árbol güe está"},
    {"portuguese", ' ', "não coração você ação português amanhã três avó irmão às pães"},
    {"polish", ' ', "źdźbło zażółć gęślą jaźń łódź świat się książka już dziękuję chrząszcz"},
    {"czech", ' ', "příliš žluťoučký kůň úpěl ďábelské ódy řeka dům měsíc není"},
    {"turkish", ' ', "İstanbul ışık güneş çocuk şimdi değil öğrenci yağmur ağaç İZMİR ılık"},
    {"vietnamese", ' ', "người tiếng Việt không được những đường phở cảm ơn nước trời ngày"},
    {"decomposed", ' ', "người tiếng été über ñandú åland ǭ ộ 각 が ड़ ক্ষ é̂ à᷎"},
    {"icelandic", ' ', "þetta það maður ísland fjörður ævintýri örn ekki við hús"},
    {"russian", ' ', "и не что он река дом человек сегодня ещё объявление Москва здравствуйте"},
    {"ukrainian", ' ', "що їжа ґрунт м'який любов сьогодні Київ дякую їхній є"},
    {"greek", ' ', "και το δεν θάλασσα ήλιος Ελλάδα ἀρχή ᾧ λόγος σήμερα ευχαριστώ ὀδυσσεύς"},
    {"armenian", ' ', "եւ տուն արեւ Հայաստան ջուր լեզու բարեւ ու մայր"},
    {"georgian", ' ', "და სახლი მზე საქართველო წყალი ენა გამარჯობა დედა ᲗᲑᲘᲚᲘᲡᲘ"},
    {"hebrew", ' ', "שלום עולם בית שֶׁמֶשׁ לא את זה ירושלים מים ספר"},
    {"arabic", ' ', "السلام عليكم كتاب مَدْرَسَة في من لا الشمس ماء ﷺ لغة ـــ"},
    {"persian", ' ',
     "می‌خواهم خانه کتاب‌ها آب خورشید گفت‌وگو ایران "
     "است"},
    {"hindi", ' ', "नमस्ते दुनिया हिन्दी पानी क्या है नहीं विद्यालय सूर्य श्री ज़रूर"},
    {"bengali", ' ', "বাংলা ভাষা জল সূর্য কি না বিদ্যালয় আমি রবীন্দ্রনাথ"},
    {"tamil", ' ', "தமிழ் வணக்கம் நீர் சூரியன் பள்ளி இல்லை நான் ஸ்ரீ"},
    {"telugu", ' ', "తెలుగు నమస్కారం నీరు సూర్యుడు కాదు నేను పుస్తకం"},
    {"sinhala", ' ',
     "සිංහල ආයුබෝවන් ජලය හිරු ශ්‍රී "
     "ලංකා"},
    {"thai", ' ', "สวัสดี ภาษาไทย น้ำ ดวงอาทิตย์ ไม่ โรงเรียน กรุงเทพฯ เป็น ที่ ๆ"},
    {"lao", ' ', "ສະບາຍດີ ພາສາລາວ ນ້ຳ ບໍ່ ໂຮງຮຽນ"},
    {"khmer", ' ', "ភាសាខ្មែរ ទឹក ព្រះអាទិត្យ មិន សាលារៀន"},
    {"burmese", ' ', "မြန်မာ ရေ နေ မဟုတ် ကျောင်း မင်္ဂလာပါ"},
    {"tibetan", ' ', "བོད་སྐད་ ཆུ་ ཉི་མ་ མིན་ སློབ་གྲྭ་ བཀྲ་ཤིས་བདེ་ལེགས།"},
    {"amharic", ' ', "ሰላም ቋንቋ ውሃ ፀሐይ አይደለም ትምህርት ኢትዮጵያ"},
    {"chinese", ' ', "我们 今天 天气 很好 图书馆 學習 龍 语言 模型 的 是 不 了 在 河边 𠮷野家 灣"},
    {"japanese", ' ',
     "今日は 天気 が いい です カタカナ ひらがな ｶﾀｶﾅ 東京 駅 を 食べる ー 々 バッグ"},
    {"korean", ' ', "안녕하세요 오늘은 날씨가 좋습니다 한국어 도서관에 갔다 물 해 ㅋㅋㅋ ㄱㄴㄷ"},
    {"mongolian", ' ', "ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ ᠨᠠᠷᠠ ᠤᠰᠤ᠎ᠠ"},
    {"swahili", ' ', "habari ya dunia maji jua si shule ng'ombe kitabu ninakupenda"},
    {"finnish", ' ', "hyvää päivää järjestelmällistyttämättömyydellänsäkään yö vesi ei aurinko"},
};

constexpr CorpusLanguage kLanguages[] = {
    {"german", " ", ", ", ". "},     {"french", " ", " ; ", " ! "},
    {"spanish", " ", ", ", "? "},    {"portuguese", " ", ", ", ".\n"},
    {"polish", " ", ", ", ". "},     {"czech", " ", ", ", ". "},
    {"turkish", " ", ", ", ". "},    {"vietnamese", " ", ", ", ". "},
    {"decomposed", " ", ", ", ". "}, {"icelandic", " ", ", ", ". "},
    {"russian", " ", ", ", ". — "},  {"ukrainian", " ", ", ", ".\n"},
    {"greek", " ", "· ", "; "},      {"armenian", " ", ", ", "։ "},
    {"georgian", " ", ", ", ". "},   {"hebrew", " ", ", ", ". "},
    {"arabic", " ", "، ", "؟ "},     {"persian", " ", "، ", ".\n"},
    {"hindi", " ", ", ", "। "},      {"bengali", " ", ", ", "। "},
    {"tamil", " ", ", ", ". "},      {"telugu", " ", ", ", ". "},
    {"sinhala", " ", ", ", ". "},    {"thai", "", " ", " "},
    {"lao", "", " ", " "},           {"khmer", "", " ", "។ "},
    {"burmese", "", "၊ ", "။ "},     {"tibetan", "", "", "། "},
    {"amharic", " ", "፣ ", "። "},    {"chinese", "", "，", "。"},
    {"japanese", "", "、", "。\n"},  {"korean", " ", ", ", ". "},
    {"mongolian", " ", "᠂ ", "᠃ "},  {"swahili", " ", ", ", ". "},
    {"finnish", " ", ", ", ". "},
};

}  // namespace

std::span<const CorpusRule> corpus_rules() { return kRules; }
std::span<const CorpusLanguage> corpus_languages() { return kLanguages; }

}  // namespace gerbil::testing
