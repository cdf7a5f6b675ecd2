/* Makes CMP messages with MAC protection by Bouncy Castle: java -cp bcprov:bcpkix:bcutil PbMac.java */
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Date;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.cmp.PKIBody;
import org.bouncycastle.asn1.iana.IANAObjectIdentifiers;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.oiw.OIWObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.cert.cmp.ProtectedPKIMessageBuilder;
import org.bouncycastle.cert.crmf.PKMACBuilder;
import org.bouncycastle.cert.crmf.jcajce.JcePKMACValuesCalculator;
import org.bouncycastle.asn1.cmp.PBMParameter;
import org.bouncycastle.operator.MacCalculator;
import org.bouncycastle.pkcs.jcajce.JcePBMac1CalculatorBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

public class PbMac {
    static final char[] SECRET = "a shared secret of the mast".toCharArray();

    static void write(String name, MacCalculator mac) throws Exception {
        GeneralName nobody = new GeneralName(new X500Name("CN=mast-1"));
        byte[] message = new ProtectedPKIMessageBuilder(nobody, nobody)
            .setMessageTime(new Date(1780272000000L))
            .setTransactionID(new byte[16])
            .setSenderNonce(new byte[16])
            .setBody(new PKIBody(PKIBody.TYPE_CONFIRM, DERNull.INSTANCE))
            .build(mac).toASN1Structure().getEncoded("DER");
        Files.write(Path.of(name + ".der"), message);
    }

    static void pbmac1(String name, ASN1ObjectIdentifier prf, String hmac, int count, int keyBits)
        throws Exception {
        JcePBMac1CalculatorBuilder builder = new JcePBMac1CalculatorBuilder(hmac, keyBits)
            .setIterationCount(count).setProvider("BC")
            .setPrf(new AlgorithmIdentifier(prf, DERNull.INSTANCE));
        write(name, builder.build(SECRET));
    }

    static void pbm(String name, ASN1ObjectIdentifier owf, ASN1ObjectIdentifier mac, int count)
        throws Exception {
        PBMParameter parameters = new PBMParameter(new byte[20], new AlgorithmIdentifier(owf),
            count, new AlgorithmIdentifier(mac, DERNull.INSTANCE));
        write(name, new PKMACBuilder(new JcePKMACValuesCalculator().setProvider("BC"))
            .setParameters(parameters).build(SECRET));
    }

    public static void main(String[] arguments) throws Exception {
        java.security.Security.addProvider(new BouncyCastleProvider());
        pbmac1("bc-pbmac1-sha256", PKCSObjectIdentifiers.id_hmacWithSHA256, "HmacSHA256", 2048, 256);
        pbmac1("bc-pbmac1-sha512", PKCSObjectIdentifiers.id_hmacWithSHA512, "HmacSHA384", 1000, 512);
        pbmac1("bc-pbmac1-sha1", PKCSObjectIdentifiers.id_hmacWithSHA1, "HmacSHA256", 1000, 256);
        pbm("bc-pbm-sha256", NISTObjectIdentifiers.id_sha256,
            PKCSObjectIdentifiers.id_hmacWithSHA256, 1000);
        pbm("bc-pbm-sha1", OIWObjectIdentifiers.idSHA1, IANAObjectIdentifiers.hmacSHA1, 1000);
        pbm("bc-pbm-sha512", NISTObjectIdentifiers.id_sha512,
            PKCSObjectIdentifiers.id_hmacWithSHA512, 300);
    }
}
