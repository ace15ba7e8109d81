"""Words that mean the same to those who ask: Thai, English and how people say it. Pure data, searched at question time.

A line is one meaning. Whoever asks with one of its words also finds what is written with the others, a little lower.
"""

from typing import Final

from crm.thai import fold

_LINES: Final = """
certificate of origin | หนังสือรับรองถิ่นกำเนิดสินค้า | ใบซีโอ | ซีโอ | c/o | ใบรับรองถิ่นกำเนิด
trademark | trade mark | เครื่องหมายการค้า | โลโก้ | แบรนด์ | ยี่ห้อ | ตรายี่ห้อ
patent | สิทธิบัตร
copyright | ลิขสิทธิ์
intellectual property | ทรัพย์สินทางปัญญา
geographical indication | สิ่งบ่งชี้ทางภูมิศาสตร์ | จีไอ | gi
export | ส่งออก | ส่งไปต่างประเทศ | ส่งไปขายต่างประเทศ
exporter | ผู้ส่งออก
import | นำเข้า | เอาเข้าประเทศ | สั่งเข้ามา
importer | ผู้นำเข้า
customs | ศุลกากร
tariff | ภาษีศุลกากร | อากรขาเข้า | ภาษีนำเข้า
duty | อากร
tax | ภาษี
vat | ภาษีมูลค่าเพิ่ม | แวต | แวท
fta | ความตกลงการค้าเสรี | เอฟทีเอ | free trade agreement | เขตการค้าเสรี
hs code | พิกัดศุลกากร | พิกัดสินค้า | รหัสสินค้า
company | บริษัท | limited company | บริษัทจำกัด
partnership | ห้างหุ้นส่วน | หจก
juristic person | นิติบุคคล
director | กรรมการ
register | registration | จดทะเบียน | ขึ้นทะเบียน | ลงทะเบียน
apply | application | ยื่นคำขอ | สมัคร
license | licence | permit | ใบอนุญาต | ขออนุญาต
fee | fees | ค่าธรรมเนียม | ค่าบริการ | กี่บาท | เสียเงินเท่าไร | เสียเงินเท่าไหร่ | ค่าใช้จ่าย | ราคาเท่าไร | ราคาเท่าไหร่ | cost
how long | ระยะเวลา | กี่วัน | ใช้เวลา | นานไหม | นานเท่าไร | นานแค่ไหน | processing time
document | documents | เอกสาร | หลักฐาน | ต้องใช้อะไรบ้าง | เตรียมอะไร
opening hours | เวลาทำการ | เวลาให้บริการ | เปิดกี่โมง | ปิดกี่โมง | ถึงกี่โมง | office hours
address | ที่อยู่ | ที่ตั้ง | อยู่ที่ไหน | อยู่ตรงไหน | location
telephone | phone | โทรศัพท์ | เบอร์ | เบอร์โทร | หมายเลขโทรศัพท์ | เบอร์ติดต่อ | contact number
website | เว็บไซต์ | เว็บ | เวปไซต์ | เวบไซต์
email | e-mail | อีเมล | อีเมล์ | จดหมายอิเล็กทรอนิกส์
online | ออนไลน์ | ทางอิเล็กทรอนิกส์ | ทางเน็ต | ทางอินเทอร์เน็ต | internet
e-commerce | พาณิชย์อิเล็กทรอนิกส์ | ขายของออนไลน์
complaint | complain | ร้องเรียน | ร้องทุกข์
tip-off | แจ้งเบาะแส
fine | penalty | ค่าปรับ | โทษปรับ | โดนปรับ | ปรับไม่เกิน | เบี้ยปรับ
foreigner | คนต่างด้าว | ต่างชาติ | ชาวต่างชาติ | ฝรั่ง | foreign
abroad | overseas | ต่างประเทศ | เมืองนอก
trade fair | exhibition | งานแสดงสินค้า | งานแฟร์ | ออกบูธ
financial statement | งบการเงิน | ส่งงบ
franchise | แฟรนไชส์
inflation | เงินเฟ้อ | ดัชนีราคาผู้บริโภค | cpi
price | ราคา
goods | product | products | สินค้า | ของ
factory | โรงงาน
warehouse | คลังสินค้า | โกดัง
loan | credit | สินเชื่อ | กู้เงิน
bank | ธนาคาร
shipping | freight | ขนส่ง | ค่าระวาง
rice | ข้าว
fruit | ผลไม้
durian | ทุเรียน
food | อาหาร
cosmetic | cosmetics | เครื่องสำอาง
car | automobile | รถยนต์ | รถ
used | second hand | secondhand | ใช้แล้ว | มือสอง | เก่า
china | จีน
japan | ญี่ปุ่น
korea | เกาหลี
vietnam | เวียดนาม
laos | ลาว
myanmar | เมียนมา | พม่า
cambodia | กัมพูชา | เขมร
malaysia | มาเลเซีย
indonesia | อินโดนีเซีย
singapore | สิงคโปร์
philippines | ฟิลิปปินส์
india | อินเดีย
asean | อาเซียน
usa | america | สหรัฐอเมริกา | อเมริกา | สหรัฐ | united states
europe | european union | eu | สหภาพยุโรป | ยุโรป | อียู
bangkok | กรุงเทพ | กทม | กรุงเทพมหานคร
province | provincial | จังหวัด
ministry of commerce | กระทรวงพาณิชย์ | moc
foreign trade | การค้าต่างประเทศ | dft
internal trade | การค้าภายใน | dit
trade negotiations | เจรจาการค้า | dtn
business development | พัฒนาธุรกิจการค้า | dbd
international trade promotion | ส่งเสริมการค้าระหว่างประเทศ | ditp
trade policy and strategy | นโยบายและยุทธศาสตร์การค้า | tpso | สนค
public warehouse organization | องค์การคลังสินค้า | pwo
commercial office | สำนักงานพาณิชย์ | พาณิชย์จังหวัด | พณจ
hotline | สายด่วน | สายตรง | call center | คอลเซ็นเตอร์ | ศูนย์บริการ
callback | call back | โทรกลับ
agent | officer | เจ้าหน้าที่ | พนักงาน
caller | customer | ผู้ขอรับบริการ | ผู้รับบริการ | ลูกค้า | ประชาชน | ผู้ใช้บริการ
satisfaction | ความพึงพอใจ | ประเมินความพึงพอใจ
survey | แบบสอบถาม | แบบประเมิน | แบบสำรวจ
greeting | กล่าวต้อนรับ | คำทักทาย | ทักทาย | สวัสดี
transfer | โอนสาย | โอนสายโทรศัพท์
basket | ตะกร้า | ตะกร้าอิเล็กทรอนิกส์
working day | working days | วันทำการ
standard | มาตรฐาน
training | course | อบรม | หลักสูตร | คอร์ส | เรียน
member | สมาชิก
dealer | distributor | ตัวแทนจำหน่าย | ผู้แทน | ผู้แทนจำหน่าย
supervisor | หัวหน้างาน | หัวหน้า
video conference | ประชุมทางไกล | วิดีโอคอนเฟอเรนซ์ | vdo conference
step | steps | procedure | process | ขั้นตอน | วิธีการ | ทำอย่างไร | ทำยังไง | how to
cancel | ยกเลิก
close | dissolve | เลิก | ปิดกิจการ
renew | renewal | ต่ออายุ
lost | สูญหาย | หาย
change | แก้ไข | เปลี่ยนแปลง | เปลี่ยน
error | ข้อผิดพลาด | ผิดพลาด
file | แฟ้ม | ไฟล์
password | รหัสผ่าน | พาสเวิร์ด
form | ฟอร์ม | แบบฟอร์ม
form a | ฟอร์มเอ
form d | ฟอร์มดี
form e | ฟอร์มอี
rcep | อาร์เซ็ป | อาร์เซป
wto | องค์การการค้าโลก
apec | เอเปค
amazon | อเมซอน | แอมะซอน
alibaba | อาลีบาบา
facebook | เฟซบุ๊ก | เฟสบุ๊ค | เฟสบุ๊ก | เฟสบุค
line | ไลน์
google | กูเกิล
application form | คำขอ
design | ออกแบบ | การออกแบบ | ดีไซน์
business | ธุรกิจ | กิจการ
thailand | thai | ประเทศไทย
investor | investors | นักลงทุน | ผู้ลงทุน
investment | ลงทุน
buyer | buyers | ผู้ซื้อ | ผู้นำเข้าต่างประเทศ
seller | supplier | suppliers | ผู้ขาย | ผู้จำหน่าย
market | ตลาด
auction | ประมูล
free of charge | ไม่เสียค่าใช้จ่าย | ไม่เสียค่าธรรมเนียม | ฟรี
shareholder | shareholders | ผู้ถือหุ้น
share | shares | หุ้น
capital | ทุน | ทุนจดทะเบียน
accountant | ผู้ทำบัญชี | นักบัญชี
accounting | บัญชี
auditor | ผู้สอบบัญชี
signature | ลงนาม | ลายเซ็น | เซ็น | เซ็นชื่อ
certificate | ใบรับรอง | หนังสือรับรอง
certify | รับรอง
inspection | ตรวจสอบ | ตรวจ
label | ฉลาก
weight | น้ำหนัก
scale | scales | เครื่องชั่ง | ตาชั่ง
gold | ทอง | ทองคำ
egg | eggs | ไข่ | ไข่ไก่
sugar | น้ำตาล
fertilizer | ปุ๋ย
rubber | ยาง | ยางพารา
cassava | tapioca | มันสำปะหลัง
palm oil | ปาล์ม | น้ำมันปาล์ม
maize | corn | ข้าวโพด
fish | fishery | seafood | ปลา | ประมง | อาหารทะเล | สัตว์น้ำ
meat | เนื้อสัตว์ | เนื้อ
vegetable | vegetables | ผัก
herb | herbs | สมุนไพร
silk | ผ้าไหม
textile | garment | สิ่งทอ | เสื้อผ้า
jewelry | jewellery | อัญมณี | เครื่องประดับ
furniture | เฟอร์นิเจอร์
machinery | machine | เครื่องจักร
massage | spa | นวด | สปา
farmer | farmers | เกษตรกร | ชาวนา | ชาวสวน
agriculture | agricultural | การเกษตร | เกษตร | พืชผล | ผลผลิต
quota | โควตา | โควต้า
dumping | ทุ่มตลาด
hoard | กักตุน
expensive | overpriced | แพง | ขึ้นราคา | ราคาสูง
cheat | fraud | scam | โกง | หลอกลวง | ฉ้อโกง | มิจฉาชีพ | แก๊งคอล
counterfeit | fake | ของปลอม | ปลอม | ละเมิด
music | song | เพลง
invention | การประดิษฐ์ | ประดิษฐ์
collateral | หลักประกัน | ค้ำประกัน | ค้ำ
contract | สัญญา
dispute | ข้อพิพาท
consumer | ผู้บริโภค
statistics | สถิติ
index | ดัชนี
news | ข่าว
appointment | นัดหมาย | จองคิว
receipt | ใบเสร็จ
payment | pay | ชำระ | ชำระเงิน | จ่าย | จ่ายเงิน
copy | สำเนา | คัดสำเนา
translation | translate | แปล | คำแปล
shop | store | ร้าน | ร้านค้า
queue | คิว
holiday | วันหยุด
budget | งบประมาณ
meeting | ประชุม
name | ชื่อ
install | installation | ติดตั้ง
download | ดาวน์โหลด | โหลด
directory | folder | โฟลเดอร์ | ไดเรกทอรี
server | เซิร์ฟเวอร์ | แม่ข่าย
user | ผู้ใช้
passport | หนังสือเดินทาง | พาสปอร์ต | พาสปอต
visa | วีซ่า | ตรวจลงตรา
id card | บัตรประจำตัวประชาชน | บัตรประชาชน
driving licence | driving license | driver license | driving permit | ใบขับขี่ | ใบอนุญาตขับรถ | ใบอนุญาตขับขี่
work permit | ใบอนุญาตทำงาน
international | ระหว่างประเทศ | สากล | นานาชาติ
motorcycle | มอเตอร์ไซค์ | มอเตอร์ไซ | มอไซค์ | จักรยานยนต์
bus | รถเมล์ | รถโดยสาร | รถบัส
airport | สนามบิน | ท่าอากาศยาน
flight | plane | เครื่องบิน | เที่ยวบิน | สายการบิน | ไฟลท์
delay | ล่าช้า | ดีเลย์ | เกินกำหนด
dog | สุนัข | น้องหมา | หมากัด | หมาจร | ฝังชิปหมา
cow | วัว | โคเนื้อ | โคนม
buffalo | ควาย | กระบือ
pig | pork | สุกร | เนื้อหมู | หมูเป็น
chicken | ไก่ | สัตว์ปีก
death | เสียชีวิต | แจ้งตาย | ถึงแก่กรรม
birth | คลอด | แจ้งเกิด | เด็กเกิด
child | children | บุตร | ลูกชาย | ลูกสาว
parents | พ่อแม่ | บิดามารดา
father | คุณพ่อ | บิดา
mother | คุณแม่ | มารดา
wife | ภรรยา | เมีย
spouse | คู่สมรส | สามี
marriage | marry | สมรส | แต่งงาน
divorce | หย่า
surname | นามสกุล | ชื่อสกุล
elderly | ผู้สูงอายุ | คนชรา | คนแก่ | ผู้สูงวัย
disabled | disability | คนพิการ | ผู้พิการ | ทุพพลภาพ
unemployment | unemployed | ว่างงาน | ตกงาน
dismissal | เลิกจ้าง | ไล่ออก | ให้ออกจากงาน
wage | salary | เงินเดือน | ค่าจ้าง | ค่าแรง
employer | นายจ้าง
employee | worker | ลูกจ้าง | แรงงาน | คนงาน
hospital | โรงพยาบาล | โรงบาล
doctor | แพทย์ | คุณหมอ | หาหมอ
patient | ผู้ป่วย | คนไข้
sick | illness | เจ็บป่วย | ไม่สบาย
vaccine | วัคซีน | ฉีดยา
dental | dentist | ทำฟัน | ทันตกรรม | ทันตแพทย์
pharmacy | ร้านยา | ร้านขายยา
health insurance | บัตรทอง | หลักประกันสุขภาพ | สามสิบบาทรักษา | บาทรักษาทุก
social security | ประกันสังคม | ผู้ประกันตน
insurance | ประกันภัย | ทำประกัน
land | ที่ดิน
title deed | โฉนด
land office | สำนักงานที่ดิน | กรมที่ดิน
house | home | บ้านพัก | ที่อยู่อาศัย
condominium | condo | คอนโด | อาคารชุด
building | อาคาร | ตึก
construction | ก่อสร้าง | สร้างบ้าน | ปลูกบ้าน | ปลูกสร้าง
demolition | รื้อถอน | รื้อตึก | รื้อบ้าน | ทุบตึก
sale | sell | จำหน่าย | ขายของ
rent | lease | สัญญาเช่า | ห้องเช่า | หอพัก | ค่าเช่า | อพาร์ตเมนต์ | เช่าห้อง
deposit | เงินประกัน | มัดจำ
refund | คืนเงิน | เงินคืน | ขอคืน
compensation | ชดเชย | เยียวยา | เงินช่วยเหลือ | ช่วยเหลือผู้
subsidy | อุดหนุน | เบี้ยยังชีพ | สงเคราะห์
pension | บำนาญ | บำเหน็จ
flood | น้ำท่วม | อุทกภัย
fire | ไฟไหม้ | อัคคีภัย | เพลิงไหม้
drought | ภัยแล้ง | ฝนแล้ง
disaster | ภัยพิบัติ | สาธารณภัย
police station | สถานีตำรวจ | โรงพัก | แจ้งความ
traffic ticket | ใบสั่ง
court | ศาล | ฟ้องศาล | ฟ้องร้อง
lawyer | ทนายความ | ทนาย
debt | หนี้สิน | ทวงหนี้ | ทวงถามหนี้ | เจ้าหนี้ | ลูกหนี้
noise | เสียงดัง | เสียงรบกวน
neighbour | neighbor | เพื่อนบ้าน | ข้างบ้าน
garbage | rubbish | trash | ขยะ | มูลฝอย | ทิ้งของ
septic | สูบส้วม | ดูดส้วม | ส้วมเต็ม | สิ่งปฏิกูล
electricity | ไฟฟ้า | ค่าไฟ | มิเตอร์ไฟ | ขอไฟ
tap water | ประปา | มิเตอร์น้ำ | ค่าน้ำ
district office | สำนักงานเขต | ที่ว่าการอำเภอ
municipality | เทศบาล | อบต
school | โรงเรียน | สถานศึกษา
student | นักเรียน | นักศึกษา
conscription | เกณฑ์ทหาร | ตรวจเลือก
lottery | ลอตเตอรี่ | สลากกินแบ่ง | ถูกหวย | ล็อตเตอรี่
mobile | โทรศัพท์มือถือ | มือถือ
broken | damaged | ชำรุด | เสียหาย
accident | อุบัติเหตุ | รถชน
tourist | นักท่องเที่ยว | ท่องเที่ยว
passenger | ผู้โดยสาร
fare | ค่าโดยสาร | ค่ารถ | ค่าตั๋ว
expressway | ทางด่วน | ทางพิเศษ
ev | electric car | รถยนต์ไฟฟ้า | รถอีวี
income | รายได้ | รายรับ | เงินได้
inheritance | มรดก | พินัยกรรม
signboard | ภาษีป้าย | ป้ายร้าน | ป้ายหน้าร้าน
restaurant | ร้านอาหาร | จำหน่ายอาหาร
street vendor | หาบเร่ | แผงลอย | ริมทางเท้า | เร่ขาย | ทางสาธารณะ
percent | เปอร์เซ็นต์ | เปอร์เซนต์ | ร้อยละ
car seat | child seat | คาร์ซีท | ที่นั่งนิรภัย
nursery | เนอสเซอรี่ | เดย์แคร์ | สถานรับเลี้ยงเด็ก
adoption | บุตรบุญธรรม | ลูกบุญธรรม
promptpay | พร้อมเพย์
microchip | ไมโครชิป | ฝังชิป
application | app | แอป | แอพ
credit card | บัตรเครดิต
stamp duty | อากรแสตมป์
parcel | พัสดุ | ไปรษณีย์
hotel | โรงแรม | ที่พัก
alcohol | สุรา | เหล้า | แอลกอฮอล์
cigarette | tobacco | บุหรี่ | ยาสูบ
gun | อาวุธปืน | ปืน
drug | ยาเสพติด | ยาบ้า
pesticide | ยาฆ่าแมลง | สารเคมีเกษตร | วัตถุอันตราย
booking | reserve | จองคิว | สำรองที่
expired | หมดอายุ | ขาดต่อ
identity | ยืนยันตัวตน
power of attorney | มอบอำนาจ
shrimp | กุ้ง
flower | orchid | ดอกไม้ | กล้วยไม้
longan | ลำไย
mango | มะม่วง
mangosteen | มังคุด
coconut | มะพร้าว
salt | เกลือ
coffee | กาแฟ
tea | ใบชา
milk | นม | น้ำนม
animal feed | อาหารสัตว์
steel | เหล็ก
plastic | พลาสติก
waste | ของเสีย | เศษ
chemical | สารเคมี | เคมีภัณฑ์
toy | ของเล่น
shoes | รองเท้า
leather | เครื่องหนัง | หนังสัตว์
wood | timber | ไม้แปรรูป
paper | กระดาษ
electronics | อิเล็กทรอนิกส์
medical device | เครื่องมือแพทย์
sample | ตัวอย่างสินค้า | สินค้าตัวอย่าง
packaging | บรรจุภัณฑ์
transit | ผ่านแดน | ถ่ายลำ
border trade | ชายแดน | ข้ามแดน
safeguard | ปกป้อง
anti-dumping | ตอบโต้การทุ่มตลาด
e-form | ระบบอิเล็กทรอนิกส์
exchange rate | อัตราแลกเปลี่ยน | ค่าเงิน
"""

GROUPS: Final[tuple[tuple[str, ...], ...]] = tuple(
    tuple(dict.fromkeys(fold(word.strip()) for word in line.split("|"))) for line in _LINES.strip().split("\n")
)
