// The short names that people and bots use most. An unknown name is shown as it was typed, as Slack does.

const TABLE = `
smile 😄|smiley 😃|grinning 😀|grin 😁|joy 😂|slightly_smiling_face 🙂|wink 😉|blush 😊|heart_eyes 😍|thinking_face 🤔
neutral_face 😐|confused 😕|worried 😟|cry 😢|sob 😭|scream 😱|sweat_smile 😅|sunglasses 😎|exploding_head 🤯|shushing_face 🤫
wave 👋|+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|clap 👏|pray 🙏|raised_hands 🙌|ok_hand 👌|muscle 💪|point_right 👉|point_left 👈
point_up 👆|point_down 👇|raised_hand ✋|hand ✋|handshake 🤝|eyes 👀|eye 👁️|speaking_head_in_silhouette 🗣️
heart ❤️|green_heart 💚|blue_heart 💙|broken_heart 💔|100 💯|fire 🔥|sparkles ✨|star ⭐|tada 🎉|rocket 🚀|bulb 💡|zap ⚡
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎|heavy_multiplication_x ✖️
warning ⚠️|rotating_light 🚨|no_entry ⛔|no_entry_sign 🚫|octagonal_sign 🛑|stop_sign 🛑|exclamation ❗|heavy_exclamation_mark ❗
question ❓|grey_question ❔|information_source ℹ️|bangbang ‼️|sos 🆘|construction 🚧|red_circle 🔴|large_orange_circle 🟠
large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|white_circle ⚪|black_circle ⚫|large_green_square 🟩
white_large_square ⬜|black_large_square ⬛|small_blue_diamond 🔹|small_orange_diamond 🔸
key 🔑|old_key 🗝️|lock 🔒|unlock 🔓|closed_lock_with_key 🔐|lock_with_ink_pen 🔏|shield 🛡️|detective 🕵️|passport_control 🛂
hourglass ⌛|hourglass_flowing_sand ⏳|alarm_clock ⏰|stopwatch ⏱️|timer_clock ⏲️|clock1 🕐|clock3 🕒|clock9 🕘|watch ⌚|calendar 📆
date 📅|spiral_calendar_pad 🗓️|arrows_counterclockwise 🔄|repeat 🔁|arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️
arrow_forward ▶️|double_vertical_bar ⏸️|black_square_for_stop ⏹️|fast_forward ⏩|leftwards_arrow_with_hook ↩️
email 📧|e-mail 📧|envelope ✉️|incoming_envelope 📨|envelope_with_arrow 📩|mailbox 📫|mailbox_with_mail 📬|inbox_tray 📥|outbox_tray 📤
speech_balloon 💬|thought_balloon 💭|bell 🔔|no_bell 🔕|mega 📣|loudspeaker 📢|telephone_receiver 📞|phone ☎️|iphone 📱
computer 💻|desktop_computer 🖥️|keyboard ⌨️|floppy_disk 💾|link 🔗|paperclip 📎|pushpin 📌|round_pushpin 📍|mag 🔍|gear ⚙️
wrench 🔧|hammer_and_wrench 🛠️|toolbox 🧰|broom 🧹|wastebasket 🗑️|recycle ♻️|package 📦|card_index 📇|card_file_box 🗃️
file_folder 📁|open_file_folder 📂|page_facing_up 📄|memo 📝|pencil ✏️|pencil2 ✏️|clipboard 📋|bar_chart 📊|chart_with_upwards_trend 📈
books 📚|book 📖|bookmark 🔖|label 🏷️|ticket 🎫|receipt 🧾|scroll 📜|newspaper 📰
robot_face 🤖|bust_in_silhouette 👤|busts_in_silhouette 👥|office 🏢|house 🏠|globe_with_meridians 🌐|earth_africa 🌍|satellite_antenna 📡
ghost 👻|skull 💀|snowflake ❄️|ice_cube 🧊|sunny ☀️|cloud ☁️|rainbow 🌈|coffee ☕|cake 🍰|beers 🍻|seedling 🌱|herb 🌿
one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣|seven 7️⃣|eight 8️⃣|nine 9️⃣|zero 0️⃣|keycap_star *️⃣`;

const EMOJI = new Map(
  TABLE.trim()
    .split(/[|\n]/)
    .map((entry) => entry.split(" ")),
);

/** The character of a short name (without colons), or null. */
export function emoji(name) {
  return EMOJI.get(name) ?? null;
}

/** Text with its :short_names: replaced where they are known. */
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+'-]+):/g, (whole, name) => EMOJI.get(name) ?? whole);
}
